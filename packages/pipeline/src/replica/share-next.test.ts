import { expect, it } from 'vitest';
import { shareNext } from './share-next.ts';

it('gives everybody what was seen after he asked, with one look at a time', async () => {
  const looks: PromiseWithResolvers<string>[] = [];
  const see = shareNext(() => {
    const look = Promise.withResolvers<string>();
    looks.push(look);
    return look.promise;
  });
  const first = see();
  await Promise.resolve();
  const [second, third] = [see(), see()];
  await Promise.resolve();
  expect(looks).toHaveLength(1);
  looks[0]?.reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  expect(looks).toHaveLength(2);
  looks[1]?.resolve('new');
  expect([await second, await third]).toEqual(['new', 'new']);
});

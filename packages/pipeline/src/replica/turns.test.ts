import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('begins as much as it may at once, and the rest in order as others end, whether well or not', async () => {
  const inTurn = createTurns(2);
  const begun: number[] = [];
  const open = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const all = open.map(({ promise }, index) =>
    inTurn(() => {
      begun.push(index);
      return promise;
    }),
  );
  const settled = Promise.allSettled(all);
  expect(begun).toEqual([0, 1]);
  open[1]?.reject(new Error('no'));
  await expect(all[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  for (const [index, { resolve }] of open.entries()) resolve(index);
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inLanes } from './in-lanes.ts';

it('works on each item once, as many at a time as there are lanes', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await inLanes([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
    done.push(item);
  });
  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

it('fails when an item fails, after what was begun has ended', async () => {
  const ended: number[] = [];
  const failure = inLanes([1, 2], 2, async (item) => {
    if (item === 1) throw new Error('one');
    await turn();
    ended.push(item);
  });
  await expect(failure).rejects.toThrow('one');
  expect(ended).toEqual([2]);
});

it('has nothing to do for nothing', async () => {
  await inLanes([], 4, () => Promise.reject(new Error('never')));
});

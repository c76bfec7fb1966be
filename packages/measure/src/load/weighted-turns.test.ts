import { expect, it } from 'vitest';
import { weightedTurns } from './weighted-turns.ts';

it('each has as many turns as its weight, spread evenly', () => {
  expect(weightedTurns([1])).toEqual([0]);
  expect(weightedTurns([2, 1])).toEqual([0, 1, 0]);
  expect(weightedTurns([9, 1]).filter((index) => index === 1)).toHaveLength(1);
  expect(weightedTurns([1, 1, 2])).toEqual([2, 0, 1, 2]);
});

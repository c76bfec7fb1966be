import { expect, it } from 'vitest';
import { mostAttempts, pauseAfter } from './retry-schedule.ts';

const minute = 60_000;

it('tries eight times, with the pauses of the contract', () => {
  expect(mostAttempts).toBe(8);
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => pauseAfter(attempt, 0.5));
  expect(pauses).toEqual([
    30_000,
    2 * minute,
    10 * minute,
    30 * minute,
    120 * minute,
    360 * minute,
    720 * minute,
    undefined,
    undefined,
  ]);
});

it('spreads each pause over a fifth to both sides', () => {
  expect(pauseAfter(1, 0)).toBe(24_000);
  expect(pauseAfter(1, 0.999_999)).toBe(36_000);
  expect(pauseAfter(7, 0)).toBe(576 * minute);
});

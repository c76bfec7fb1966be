import { expect, it } from 'vitest';
import { isHopeless, pauseAfter } from './retry-schedule.ts';

it('waits longer each time, and gives up after ten attempts', () => {
  const pauses = Array.from({ length: 9 }, (_, i) => pauseAfter(i + 1, 1) ?? 0);
  expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600].map((seconds) => seconds * 1000));
  expect([pauseAfter(10, 0), isHopeless(10), isHopeless(11)]).toEqual([undefined, false, true]);
  expect(pauseAfter(1, 0)).toBe(2_500);
});

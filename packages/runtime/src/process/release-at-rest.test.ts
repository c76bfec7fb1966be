import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { releaseStartMemoryAtRest } from './release-at-rest.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('releases once, after the first look that finds the process at rest', () => {
  const shares = [0.9, 0.05, 0.01, 0.01];
  let released = 0;
  releaseStartMemoryAtRest(
    () => {
      released += 1;
    },
    1_000,
    () => shares.shift() ?? 0,
  );
  vi.advanceTimersByTime(2_999);
  expect(released).toBe(0);
  vi.advanceTimersByTime(1);
  expect(released).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(released).toBe(1);
});

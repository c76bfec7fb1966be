import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeat } from './repeat.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('runs at its interval, never two at once, and again after a failure', async () => {
  const failures: unknown[] = [];
  let runs = 0;
  let end: (() => void) | undefined;
  const repetition = repeat(
    () => {
      runs += 1;
      if (runs === 1) return Promise.reject(new Error('first'));
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
    { everyMs: 1_000, onFailure: (error) => failures.push(error) },
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failures).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(runs).toBe(2);

  let stopped = false;
  const stop = repetition.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stopped).toBe(false);
  end?.();
  await stop;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(runs).toBe(2);
});

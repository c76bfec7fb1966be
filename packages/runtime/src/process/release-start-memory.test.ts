import { getHeapSpaceStatistics } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { releaseStartMemory } from './release-start-memory.ts';

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.physical_space_size ?? 0;

const megabyte = 1024 * 1024;

it('gives a grown young generation back, and leaves nobody a way to ask for that', () => {
  // What survives makes the young generation grow.
  let kept: object[] = [];
  for (let i = 0; youngBytes() < 8 * megabyte && i < 5_000_000; i += 1) {
    kept.push({ i });
    if (kept.length === 200_000) kept = [];
  }
  expect(youngBytes()).toBeGreaterThanOrEqual(8 * megabyte);
  releaseStartMemory();
  expect(youngBytes()).toBeLessThan(4 * megabyte);
  expect(runInNewContext('typeof gc')).toBe('undefined');
  expect(globalThis).not.toHaveProperty('gc');
});

import { describe, expect, it } from 'vitest';
import { median } from './median.ts';
import { quantiles } from './quantiles.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => count - index);

describe('quantiles', () => {
  it('are values that were seen, in any order', () => {
    expect(quantiles(upTo(100), [0.5, 0.99, 1])).toEqual([50, 99, 100]);
    expect(quantiles([3, 1, 2], [0, 0.5, 0.99])).toEqual([1, 2, 3]);
  });

  it('tell the slowest of few as their 99th percentile', () => {
    expect(quantiles([5, 90, 4], [0.99])).toEqual([90]);
  });

  it('are compared as numbers, not as text', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('of nothing are 0', () => {
    expect(quantiles([], [0.5, 0.99])).toEqual([0, 0]);
  });
});

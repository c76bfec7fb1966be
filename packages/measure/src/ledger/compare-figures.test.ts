import { describe, expect, it } from 'vitest';
import { compareFigures } from './compare-figures.ts';
import type { Figure } from './figure.ts';

const figure = (rounds: readonly number[], better: Figure['better'] = 'more', what = 'requests/s'): Figure => ({
  part: 'one hot secret',
  target: 'all-in-one',
  what,
  better,
  rounds,
});

const compare = (before: readonly number[], after: readonly number[], better: Figure['better'] = 'more') =>
  compareFigures([figure(before, better)], [figure(after, better)])[0];

describe('two ledgers', () => {
  it('are compared by the medians of their rounds', () => {
    expect(compare([100, 120, 110], [220, 210, 230])).toMatchObject({ before: 110, after: 220, ratio: 2 });
  });

  it('differ where no round of the one is among those of the other', () => {
    expect(compare([100, 120, 110], [121, 130, 125])?.is).toBe('better');
    expect(compare([100, 120, 110], [80, 90, 99])?.is).toBe('worse');
    expect(compare([100, 120, 110], [119, 140, 130])?.is).toBe('within noise');
    expect(compare([100, 120, 110], [50, 140, 90])?.is).toBe('within noise');
  });

  it('know whether less is better', () => {
    expect(compare([10, 12, 11], [8, 9, 7], 'less')?.is).toBe('better');
    expect(compare([10, 12, 11], [13, 14, 15], 'less')?.is).toBe('worse');
    expect(compare([10, 12, 11], [13, 14, 15], 'neither')?.is).toBe('other');
  });

  it('make nothing of a difference between single rounds', () => {
    expect(compare([100], [200, 210])?.is).toBe('one round');
    expect(compare([100], [100])?.is).toBe('within noise');
  });

  it('can both have counted nothing', () => {
    expect(compare([0, 0], [0, 0])).toMatchObject({ ratio: 1, spread: 0, is: 'within noise' });
  });

  it('tell the wider spread of both', () => {
    expect(compare([100, 120, 110], [100, 100, 100])?.spread).toBeCloseTo(20 / 110);
  });

  it('leave out what only one of them has', () => {
    expect(compareFigures([figure([1])], [figure([1], 'more', 'p99 ms')])).toEqual([]);
  });
});

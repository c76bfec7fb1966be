import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenBuckets } from './token-buckets.ts';

/** Memory for all buckets is taken at once, so that a property opens small ones. */
const open = (max = 100) => {
  const clock = { ms: 1_000_000 };
  const buckets = createTokenBuckets({ nowMs: () => clock.ms, max });
  const drain = (key: string, perMinute: number): number => {
    let granted = 0;
    while (buckets.take(key, perMinute)?.granted) granted += 1;
    return granted;
  };
  return { clock, buckets, drain };
};

describe('createTokenBuckets', () => {
  it('grants the figure at once and tells what is left and when it is full again', () => {
    const { buckets } = open();
    expect(buckets.take('a', 60)).toEqual({
      granted: true,
      limit: 60,
      remaining: 59,
      resetAtSeconds: 1_001,
      retryAfterSeconds: 0,
    });
    expect(buckets.take('a', 60, 59)).toMatchObject({ granted: true, remaining: 0, resetAtSeconds: 1_060 });
    expect(buckets.take('a', 60)).toEqual({
      granted: false,
      limit: 60,
      remaining: 0,
      resetAtSeconds: 1_060,
      retryAfterSeconds: 1,
    });
  });

  it('refills evenly and never beyond the figure', () => {
    const { clock, buckets, drain } = open();
    expect(drain('a', 60)).toBe(60);
    clock.ms += 999;
    expect(buckets.take('a', 60)?.granted).toBe(false);
    clock.ms += 1;
    expect(buckets.take('a', 60)?.granted).toBe(true);
    clock.ms += 10_000;
    expect(drain('a', 60)).toBe(10);
    clock.ms += 3_600_000;
    expect(drain('a', 60)).toBe(60);
  });

  it('says how long to wait for the units asked for, in whole seconds', () => {
    const { buckets, drain } = open();
    drain('a', 6);
    expect(buckets.take('a', 6)?.retryAfterSeconds).toBe(10);
    expect(buckets.take('a', 6, 3)?.retryAfterSeconds).toBe(30);
    drain('b', 100_000);
    expect(buckets.take('b', 100_000)?.retryAfterSeconds).toBe(1);
  });

  it('takes nothing when it refuses', () => {
    const { buckets } = open();
    expect(buckets.take('a', 10, 11)).toMatchObject({ granted: false, remaining: 10 });
    expect(buckets.take('a', 10, 10)).toMatchObject({ granted: true, remaining: 0 });
  });

  it('takes units back, up to the figure', () => {
    const { clock, buckets, drain } = open();
    drain('a', 10);
    buckets.giveBack('a', 10, 4);
    expect(drain('a', 10)).toBe(4);
    clock.ms += 60_000;
    buckets.giveBack('a', 10, 4);
    expect(drain('a', 10)).toBe(10);
    buckets.giveBack('a', 10, 100);
    expect(drain('a', 10)).toBe(10);
    buckets.giveBack('never seen', 10, 4);
    expect(drain('never seen', 10)).toBe(10);
  });

  it('keeps keys apart', () => {
    const { buckets, drain } = open();
    drain('a', 5);
    expect(buckets.take('b', 5)).toMatchObject({ granted: true, remaining: 4 });
  });

  it('is not moved by a clock that jumps back', () => {
    const { clock, buckets, drain } = open();
    drain('a', 60);
    clock.ms -= 3_600_000;
    expect(buckets.take('a', 60)).toMatchObject({ granted: false, remaining: 0 });
    clock.ms += 1_000;
    expect(buckets.take('a', 60)?.granted).toBe(true);
  });

  it('has no limit at 0', () => {
    const { buckets } = open();
    for (let i = 0; i < 1_000; i++) expect(buckets.take('a', 0)).toBeUndefined();
  });

  it('forgets the keys used longest ago when there are too many', () => {
    const { buckets, drain } = open(100);
    drain('first', 5);
    for (let i = 0; i < 99; i++) buckets.take(`key ${i}`, 5);
    expect(buckets.take('first', 5)?.granted).toBe(false);
    for (let i = 0; i < 100; i++) buckets.take(`other ${i}`, 5);
    expect(buckets.take('first', 5)?.granted).toBe(true);
  });

  it('never grants more than the figure plus what time refilled', () => {
    const step = fc.record({ wait: fc.integer({ min: -5_000, max: 20_000 }), units: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(step, { maxLength: 60 }), (perMinute, steps) => {
        const { clock, buckets } = open();
        let granted = 0;
        let forward = 0;
        for (const { wait, units } of steps) {
          clock.ms += wait;
          forward += Math.max(0, wait);
          const answer = buckets.take('a', perMinute, units);
          if (answer?.granted) granted += units;
          expect(answer?.remaining).toBeGreaterThanOrEqual(0);
          expect(answer?.remaining).toBeLessThanOrEqual(perMinute);
        }
        expect(granted).toBeLessThanOrEqual(perMinute + (forward * perMinute) / 60_000 + 1e-6);
      }),
    );
  });
});

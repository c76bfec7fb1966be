import { describeWithComponent } from '@scaivault/testkit/component';
import { findRedis, type TestRedis } from '@scaivault/testkit/redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BucketReport, SettledBucket } from '../../src/limit/shared/ledger.ts';
import { createMemoryLedger } from '../../src/limit/shared/memory-ledger.ts';
import { openRedisLedger, type RedisLedger } from '../../src/limit/shared/redis-ledger.ts';

type Settle = (reports: readonly BucketReport[]) => Promise<readonly SettledBucket[]> | readonly SettledBucket[];

const capacity = 60;
/** What refills while a test runs on a busy machine: five seconds' worth. */
const refill = 5;

/** What every ledger does (ledger.ts), whoever keeps it. */
const describeLedger = (settle: Settle): void => {
  const report = async (key: string, spent: number, level: number, life = ''): Promise<SettledBucket> => {
    const [settled] = await settle([{ key, perMinute: capacity, spent, level, life }]);
    if (settled === undefined) throw new Error('The ledger answered nothing.');
    return settled;
  };
  const near = (level: number, expected: number): void => {
    expect(level).toBeGreaterThanOrEqual(expected - 0.001);
    expect(level).toBeLessThanOrEqual(expected + refill);
  };

  it('begins a bucket at the level of its first reporter', async () => {
    near((await report('first', 20, 40)).level, 40);
  });

  it('takes off what each process has taken in the same life', async () => {
    const one = await report('both', 20, 40);
    const two = await report('both', 5, 55);
    expect(two.life).toBe(one.life);
    near((await report('both', 10, 30, one.life)).level, 25);
    near((await report('both', 0, 55, two.life)).level, 25);
  });

  it('lets the lower level hold where a reporter knows no life, or another one', async () => {
    await report('stranger', 10, 50);
    near((await report('stranger', 0, 60)).level, 50);
    near((await report('stranger', 0, 7, 'long ago')).level, 7);
  });

  it('owes one capacity at most, and never holds more than one', async () => {
    const { life } = await report('owing', 0, 60);
    near((await report('owing', 1_000, 0, life)).level, -60);
    near((await report('owing', -1_000, 0, life)).level, 60);
  });

  it('answers each of several reports in their order', async () => {
    const settled = await settle(
      [10, 20, 30].map((level) => ({ key: `order ${level}`, perMinute: capacity, spent: 0, level, life: '' })),
    );
    for (const [index, level] of [10, 20, 30].entries()) near(settled[index]?.level ?? Number.NaN, level);
  });
};

describe('a ledger in memory', () => {
  describeLedger(createMemoryLedger({ nowMs: () => performance.now() }).settle);

  it('refills evenly', () => {
    let now = 0;
    const { settle } = createMemoryLedger({ nowMs: () => now });
    const life = settle([{ key: 'even', perMinute: 60, spent: 60, level: 0, life: '' }])[0]?.life ?? '';
    now = 12_500;
    expect(settle([{ key: 'even', perMinute: 60, spent: 0, level: 0, life }])[0]?.level).toBeCloseTo(12.5, 6);
  });

  it('forgets the bucket not heard of for longest when there are too many', () => {
    const { settle } = createMemoryLedger({ nowMs: () => 0, max: 2 });
    for (const key of ['one', 'two', 'three']) settle([{ key, perMinute: 60, spent: 60, level: 0, life: '' }]);
    const full = (key: string) => settle([{ key, perMinute: 60, spent: 0, level: 60, life: '' }])[0]?.level;
    expect([full('three'), full('one')]).toEqual([0, 60]);
  });
});

describeWithComponent(findRedis(), (start) => {
  let redis: TestRedis;
  let ledger: RedisLedger;
  beforeAll(async () => {
    redis = await start();
    ledger = openRedisLedger({ url: redis.url, prefix: `${redis.prefix}ledger:` });
    await vi.waitFor(() => ledger.settle([]), { timeout: 10_000 });
  });
  afterAll(async () => {
    ledger?.close();
    await redis?.[Symbol.asyncDispose]();
  });

  describe('a ledger in Redis', () => describeLedger((reports) => ledger.settle(reports)));
});

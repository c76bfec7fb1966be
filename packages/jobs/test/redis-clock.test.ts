import { describeWithComponent } from '@scaivault/testkit/component';
import { findRedis, type TestRedis } from '@scaivault/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Clock } from '../src/index.ts';
import { openRedisClock } from '../src/redis-clock.ts';

const soon = (): number => Date.now() + 300;

it('opens without a Redis, and wakes its own process until there is one', async () => {
  let woken = 0;
  let lost = 0;
  const clock = await openRedisClock(() => (woken += 1), {
    url: 'redis://127.0.0.1:1',
    prefix: 'test:',
    name: 'none',
    nowMs: Date.now,
    onLost: () => (lost += 1),
  });
  clock.wakeAt(Date.now());
  await vi.waitFor(() => expect([woken, lost]).toEqual([1, 1]), 5_000);
  await clock.stop();
});

describeWithComponent(findRedis(), (start) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  const open = async (name: string) => {
    const woken: number[] = [];
    const lost: unknown[] = [];
    const clock: Clock = await openRedisClock(() => woken.push(Date.now()), {
      url: redis.url,
      prefix: redis.prefix,
      name,
      nowMs: Date.now,
      onLost: (error) => lost.push(error),
    });
    return { clock, woken, lost };
  };

  it('wakes one of the processes for all times that lie close together', async () => {
    const [a, b] = [await open('near'), await open('near')];
    const dueMs = soon();
    for (let round = 0; round < 20; round += 1) for (const { clock } of [a, b]) clock.wakeAt(dueMs);
    await vi.waitFor(() => expect([...a.woken, ...b.woken].length).toBeGreaterThan(0), 5_000);
    const at = Number([...a.woken, ...b.woken][0]);
    expect(at).toBeGreaterThanOrEqual(dueMs - 1);
    const later = soon() + 500;
    a.clock.wakeAt(later);
    await vi.waitFor(() => expect([...a.woken, ...b.woken]).toHaveLength(2), 5_000);
    for (const { clock } of [a, b]) await clock.stop();
  });

  it('wakes another process when the one that asked is gone, and leaves nothing behind', async () => {
    const [a, b] = [await open('gone'), await open('gone')];
    const client = new Redis(redis.url);
    // Late enough that a slow machine sees the job in Redis before its process goes.
    a.clock.wakeAt(Date.now() + 3_000);
    const jobs = async () => (await client.keys(`${redis.prefix}jobs:gone:slice-*`)).length;
    await vi.waitFor(async () => expect(await jobs()).toBe(1), 5_000);
    await a.clock.stop();
    await vi.waitFor(() => expect(b.woken).toHaveLength(1), 10_000);
    expect(a.woken).toEqual([]);
    await vi.waitFor(async () => expect(await jobs()).toBe(0), 5_000);
    await b.clock.stop();
    client.disconnect();
  });

  it('wakes its own process while Redis is away, says so once, and is shared again afterwards', async (test) => {
    const { outage } = redis;
    if (outage === undefined) return test.skip();
    const { clock, woken, lost } = await open('away');
    clock.wakeAt(soon());
    await vi.waitFor(() => expect(woken).toHaveLength(1), 5_000);
    await outage.begin();
    clock.wakeAt(soon());
    await vi.waitFor(() => expect(woken).toHaveLength(2), 5_000);
    expect(lost).toHaveLength(1);
    await outage.end();
    const other = await open('away');
    await vi.waitFor(
      async () => {
        const before = woken.length + other.woken.length;
        other.clock.wakeAt(Date.now());
        await vi.waitFor(() => expect(woken.length + other.woken.length).toBeGreaterThan(before), 1_000);
      },
      { timeout: 8_000, interval: 50 },
    );
    for (const each of [clock, other.clock]) await each.stop();
  });

  it('stops while Redis hangs', async (test) => {
    const { outage } = redis;
    if (outage === undefined) return test.skip();
    const { clock } = await open('hangs');
    outage.freeze();
    clock.wakeAt(soon());
    const begin = performance.now();
    await clock.stop();
    expect(performance.now() - begin).toBeLessThan(3_000);
    outage.thaw();
  });
});

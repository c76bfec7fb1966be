import { createMetrics, DegradedError, loadConfiguration } from '@scaivault/runtime';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findRedis, type TestRedis } from '@scaivault/testkit/redis';
import { afterAll, beforeAll, expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { type OpenBuckets, openBuckets } from '../../src/limit/open-buckets.ts';

const withinMs = 20_000;

describeWithComponent(findRedis(), (start) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis?.[Symbol.asyncDispose]());

  const open = async (env: Readonly<Record<string, string>> = {}) => {
    const log: string[] = [];
    const say = (_fields: unknown, message?: string) => void log.push(message ?? String(_fields));
    const metrics = createMetrics('test', '0', '0');
    const opened = await openBuckets({
      config: loadConfiguration({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ...env }),
      logger: { warn: say, info: say },
      metrics,
      nowMs: Date.now,
    });
    onTestFinished(opened.stop);
    await opened.start();
    return { ...opened, log, metrics };
  };
  const ours = (test: TestContext) => {
    const outage = redis.outage ?? test.skip('this server is not ours to stop');
    onTestFinished(async () => {
      outage.thaw();
      await outage.end();
    });
    return outage;
  };
  const stateOf = (opened: OpenBuckets): Promise<string> =>
    opened.checks.redis!().then(
      () => 'ok',
      (error: unknown) => (error instanceof DegradedError ? 'degraded' : 'error'),
    );
  const becomes = (opened: OpenBuckets, state: string) =>
    vi.waitFor(async () => expect(await stateOf(opened)).toBe(state), { timeout: withinMs, interval: 20 });

  it('tells one process what another one took, and what it gave back', async () => {
    const [one, two] = [await open(), await open()];
    const left = (opened: OpenBuckets) => opened.buckets.take('told', 60, 0)?.remaining;
    for (let unit = 0; unit < 50; unit += 1) one.buckets.take('told', 60);
    await vi.waitFor(() => {
      two.buckets.take('told', 60);
      expect(left(two)).toBeLessThan(12);
    });
    one.buckets.giveBack('told', 60, 40);
    await vi.waitFor(() => {
      two.buckets.take('told', 60);
      expect(left(two)).toBeGreaterThan(30);
    });
    expect(await one.metrics.render()).toMatch(/redis_latency_seconds_count\{service="test"\} [1-9]/);
  });

  it('keeps what lies in Redis under the prefix, for a while only', async () => {
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const { buckets } = await open();
    buckets.take('kept', 60, 30);
    const key = `${redis.prefix}rate:kept`;
    await vi.waitFor(async () => expect(await client.exists(key)).toBe(1));
    const lifeMs = await client.pttl(key);
    expect(lifeMs).toBeGreaterThan(60_000);
    expect(lifeMs).toBeLessThanOrEqual(90_100);
  });

  it('goes on alone while Redis is gone, says so once, and shares again when it is back', {
    timeout: 30_000,
  }, async (test) => {
    const outage = ours(test);
    const [one, two] = [await open(), await open()];
    for (let unit = 0; unit < 10; unit += 1) one.buckets.take('gone', 10);
    await outage.begin();
    await becomes(one, 'degraded');
    expect(one.buckets.take('gone', 10)?.granted).toBe(false);
    expect(one.buckets.take('other', 10)?.granted).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(one.log).toEqual(['Redis does not answer; each process counts alone until it does']);
    await outage.end();
    await Promise.all([becomes(one, 'ok'), becomes(two, 'ok')]);
    expect(one.log).toHaveLength(2);
    for (let unit = 0; unit < 9; unit += 1) one.buckets.take('other', 10);
    await vi.waitFor(() => {
      two.buckets.take('other', 10);
      expect(two.buckets.take('other', 10, 0)?.remaining).toBe(0);
    });
  });

  it('goes on alone while Redis hangs, without waiting for it', { timeout: 60_000 }, async (test) => {
    const outage = ours(test);
    const opened = await open();
    outage.freeze();
    await becomes(opened, 'degraded');
    const startedAt = performance.now();
    for (let unit = 0; unit < 1_000; unit += 1) opened.buckets.take(`hangs ${unit}`, 10);
    expect(performance.now() - startedAt).toBeLessThan(200);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(opened.log).toEqual(['Redis does not answer; each process counts alone until it does']);
    outage.thaw();
    await becomes(opened, 'ok');
  });

  it('refuses limited calls while Redis is gone where that is wished, and is not ready', {
    timeout: 30_000,
  }, async (test) => {
    const outage = ours(test);
    const opened = await open({ RATE_LIMIT_ON_REDIS_LOSS: 'refuse', READY_REQUIRES_REDIS: 'true' });
    expect(opened.buckets.take('refused', 10)?.granted).toBe(true);
    await outage.begin();
    await becomes(opened, 'error');
    expect(() => opened.buckets.take('refused', 10)).toThrowError(
      expect.objectContaining({ code: 'service_unavailable', retryAfterSeconds: 1 }),
    );
    expect(opened.buckets.take('unlimited', 0)).toBeUndefined();
    await outage.end();
    await becomes(opened, 'ok');
    expect(opened.buckets.take('refused', 10)?.granted).toBe(true);
  });

  it('starts without Redis', { timeout: 60_000 }, async (test) => {
    const outage = ours(test);
    await outage.begin();
    const opened = await open();
    expect(await stateOf(opened)).toBe('degraded');
    expect(opened.buckets.take('early', 10)?.granted).toBe(true);
    await outage.end();
    await becomes(opened, 'ok');
  });
});

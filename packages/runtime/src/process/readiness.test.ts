import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReadiness, DegradedError } from './readiness.ts';

describe('createReadiness', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is ready when every check resolves', async () => {
    const ask = createReadiness({ database: async () => {}, kms: async () => {} });
    expect(await ask()).toEqual({ ready: true, checks: { database: 'ok', kms: 'ok' }, errors: {} });
  });

  it('names what failed in words of its own, whether it rejects or throws', async () => {
    const ask = createReadiness({
      database: () => Promise.reject(new Error('password=canary host=10.0.0.5')),
      kms: () => {
        throw new Error('canary');
      },
      redis: async () => {},
    });
    const report = await ask();
    expect(report).toEqual({
      ready: false,
      checks: { database: 'error', kms: 'error', redis: 'ok' },
      errors: { database: 'not available', kms: 'not available' },
    });
  });

  it('is ready with what is degraded, and says so', async () => {
    const redis = () => Promise.reject(new DegradedError('Redis is away.'));
    const report = await createReadiness({ database: async () => {}, redis })();
    expect(report).toEqual({ ready: true, checks: { database: 'ok', redis: 'degraded' }, errors: {} });
  });

  it('asks all checks at once and gives each two seconds', async () => {
    const ask = createReadiness({ slow: () => new Promise(() => {}), slower: () => new Promise(() => {}) });
    let report: unknown;
    void ask().then((value) => {
      report = value;
    });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(report).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(report).toMatchObject({ ready: false, checks: { slow: 'error', slower: 'error' } });
  });

  it('reuses a report for one second, also while it is being made', async () => {
    const check = vi.fn(async () => {});
    const ask = createReadiness({ database: check });
    await Promise.all([ask(), ask()]);
    await vi.advanceTimersByTimeAsync(1_000);
    await ask();
    expect(check).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    await ask();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('tells of a recovery', async () => {
    let works = false;
    const ask = createReadiness({
      database: async () => {
        if (!works) throw new Error('down');
      },
    });
    expect((await ask()).ready).toBe(false);
    works = true;
    await vi.advanceTimersByTimeAsync(1_001);
    expect((await ask()).ready).toBe(true);
  });
});

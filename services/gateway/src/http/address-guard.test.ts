import { isVaultError } from '@scaivault/errors';
import { createMetrics } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from './address-guard.ts';

const open = (perMinute: number, max?: number) => {
  const clock = { ms: 1_000_000 };
  const metrics = createMetrics('test', '0', '0');
  const guard = createAddressGuard({
    perMinute,
    nowMs: () => clock.ms,
    metrics,
    ...(max === undefined ? {} : { max }),
  });
  const admits = (address: string | undefined): boolean => {
    try {
      guard(address);
      return true;
    } catch (error) {
      if (isVaultError(error, 'rate_limited')) return false;
      throw error;
    }
  };
  return { clock, guard, admits, metrics };
};

describe('createAddressGuard', () => {
  it('refuses an address beyond its figure, in the words of the contract, and counts it', async () => {
    const { guard, metrics } = open(2);
    guard('203.0.113.1');
    guard('203.0.113.1');
    expect(() => guard('203.0.113.1')).toThrowError(
      expect.objectContaining({
        code: 'rate_limited',
        retryAfterSeconds: 30,
        details: { category: 'address', limit: 2, window_seconds: 60, required: 1, retry_after_seconds: 30 },
      }),
    );
    expect(await metrics.render()).toContain('rate_limit_hits_total{category="address",service="test"} 1');
  });

  it('keeps addresses apart, and takes a v6 network for one', () => {
    const { admits } = open(1);
    expect([admits('203.0.113.1'), admits('203.0.113.2'), admits('203.0.113.1')]).toEqual([true, true, false]);
    expect([admits('2001:db8:1:2::1'), admits('2001:db8:1:2::2'), admits('2001:db8:1:3::1')]).toEqual([
      true,
      false,
      true,
    ]);
    expect([admits(undefined), admits(undefined)]).toEqual([true, false]);
  });

  it('lets it in again as time goes by', () => {
    const { clock, admits } = open(60);
    for (let request = 0; request < 60; request += 1) admits('203.0.113.1');
    expect(admits('203.0.113.1')).toBe(false);
    clock.ms += 1_000;
    expect([admits('203.0.113.1'), admits('203.0.113.1')]).toEqual([true, false]);
  });

  it('remembers no more addresses than it may', () => {
    const { admits } = open(1, 10);
    admits('203.0.113.1');
    for (let host = 0; host < 10; host += 1) admits(`198.51.100.${host}`);
    expect(admits('203.0.113.1')).toBe(true);
  });

  it('is off at 0', () => {
    const { admits } = open(0);
    for (let request = 0; request < 100; request += 1) expect(admits('203.0.113.1')).toBe(true);
  });
});

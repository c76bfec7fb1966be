import { isVaultError, type VaultError } from '@scaivault/errors';
import { type CallContext, createMetrics } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import { createRateLimiter, isRateCategory } from './rate-limiter.ts';
import { createTokenBuckets } from './token-buckets.ts';

const open = (limits = {}) => {
  const metrics = createMetrics('test', '0', '0');
  const limiter = createRateLimiter({ buckets: createTokenBuckets({ nowMs: () => 1_000_000 }), limits, metrics });
  const call = { responseHeader: new Headers() } as CallContext;
  return { metrics, limiter, call, headers: call.responseHeader };
};
const refusalOf = (work: () => void): VaultError => {
  try {
    work();
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
  throw new Error('It was granted.');
};

describe('createRateLimiter', () => {
  it('writes the figures of the bucket into the answer', () => {
    const { limiter, call, headers } = open();
    limiter.take(call, 'secrets:read', 'tnt_a user:x');
    expect(Object.fromEntries(headers)).toEqual({
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
      'x-ratelimit-reset': '1001',
    });
  });

  it('refuses with the body that the contract names, headers included', async () => {
    const { limiter, call, headers, metrics } = open({ 'audit:export': 2 });
    limiter.take(call, 'audit:export', 'x');
    limiter.take(call, 'audit:export', 'x');
    const error = refusalOf(() => limiter.take(call, 'audit:export', 'x'));
    expect(error).toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 30,
      details: { category: 'audit:export', limit: 2, window_seconds: 60, required: 1, retry_after_seconds: 30 },
    });
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    expect(headers.get('x-ratelimit-limit')).toBe('2');
    expect(await metrics.render()).toContain('rate_limit_hits_total{category="audit:export",service="test"} 1');
  });

  it('counts categories and callers apart', () => {
    const { limiter, call } = open({ 'audit:export': 1, 'audit:query': 1 });
    limiter.take(call, 'audit:export', 'x');
    limiter.take(call, 'audit:query', 'x');
    limiter.take(call, 'audit:export', 'y');
    expect(refusalOf(() => limiter.take(call, 'audit:export', 'x')).code).toBe('rate_limited');
  });

  it('goes by the override where there is one, also where the installation has no limit', () => {
    const { limiter, call, headers } = open({ 'secrets:read': 0 });
    limiter.take(call, 'secrets:read', 'x', 2);
    expect(headers.get('x-ratelimit-limit')).toBe('2');
    limiter.reserve('secrets:read', 'x', 1, 2).giveBack(1);
    limiter.reserve('secrets:read', 'x', 1, 2);
    expect(refusalOf(() => limiter.take(call, 'secrets:read', 'x', 2))).toMatchObject({ details: { limit: 2 } });
  });

  it('counts the addresses of one v6 network together', () => {
    const { limiter } = open({ 'auth:failures': 1 });
    limiter.takeSilently('auth:failures', '2001:db8:1:2::1');
    expect(refusalOf(() => limiter.takeSilently('auth:failures', '2001:db8:1:2::9')).code).toBe('rate_limited');
    limiter.takeSilently('auth:failures', '2001:db8:1:3::1');
  });

  it('says nothing where nothing is limited', () => {
    const { limiter, call, headers } = open({ 'secrets:read': 0 });
    limiter.take(call, 'secrets:read', 'x');
    expect([...headers]).toEqual([]);
  });

  it('can count without an answer to write to', () => {
    const { limiter } = open({ 'auth:failures': 1 });
    limiter.takeSilently('auth:failures', '10.0.0.1');
    expect(refusalOf(() => limiter.takeSilently('auth:failures', '10.0.0.1')).code).toBe('rate_limited');
  });

  describe('units of another category', () => {
    const reserve = (limits: object) => {
      const { limiter, call, headers, metrics } = open(limits);
      const left = (): unknown => {
        const before = headers.get('x-ratelimit-remaining');
        limiter.take(call, 'secrets:read', 'x');
        const now = Number(headers.get('x-ratelimit-remaining')) + 1;
        headers.set('x-ratelimit-remaining', before ?? '');
        return now;
      };
      return { limiter, headers, metrics, left };
    };

    it('are taken all at once, and what was not used comes back', () => {
      const { limiter, left } = reserve({ 'secrets:read': 10 });
      const { giveBack } = limiter.reserve('secrets:read', 'x', 6);
      giveBack(2);
      expect(left()).toBe(6);
    });

    it('come back in parts, and never more of them than were taken', () => {
      const { limiter, left } = reserve({ 'secrets:read': 10 });
      limiter.reserve('secrets:read', 'x', 5);
      const { giveBack } = limiter.reserve('secrets:read', 'x', 4);
      giveBack(3);
      giveBack(-1);
      giveBack(100);
      giveBack(100);
      expect(left()).toBe(5);
    });

    it('are refused all when too few are there: none is taken, the headers stay those of the call', async () => {
      const { limiter, headers, metrics, left } = reserve({ 'secrets:read': 10 });
      limiter.reserve('secrets:read', 'x', 8);
      const error = refusalOf(() => limiter.reserve('secrets:read', 'x', 5));
      expect(error).toMatchObject({
        code: 'rate_limited',
        retryAfterSeconds: 18,
        details: { category: 'secrets:read', limit: 10, window_seconds: 60, required: 5, retry_after_seconds: 18 },
      });
      expect([...headers]).toEqual([]);
      expect(await metrics.render()).toContain('rate_limit_hits_total{category="secrets:read",service="test"} 1');
      expect(left()).toBe(2);
    });

    it('are refused as well when there can never be so many, and the message says so', () => {
      const { limiter, left } = reserve({ 'secrets:read': 10 });
      const error = refusalOf(() => limiter.reserve('secrets:read', 'x', 11));
      expect(error).toMatchObject({ code: 'rate_limited', details: { limit: 10, required: 11 } });
      expect(error.message).toContain('of which there are 10 at most');
      expect(left()).toBe(10);
    });

    it('are there in any number where nothing is limited', () => {
      const { limiter } = reserve({ 'secrets:read': 0 });
      const { giveBack } = limiter.reserve('secrets:read', 'x', 1_000_000);
      expect(() => giveBack(5)).not.toThrow();
    });
  });

  it.each(['secrets:read', 'auth:failures'])('knows the category %s', (text) => {
    expect(isRateCategory(text)).toBe(true);
  });
  it.each(['secrets:reed', 'toString', ''])('does not know the category %j', (text) => {
    expect(isRateCategory(text)).toBe(false);
  });
});

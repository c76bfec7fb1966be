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

  it.each(['secrets:read', 'auth:failures'])('knows the category %s', (text) => {
    expect(isRateCategory(text)).toBe(true);
  });
  it.each(['secrets:reed', 'toString', ''])('does not know the category %j', (text) => {
    expect(isRateCategory(text)).toBe(false);
  });
});

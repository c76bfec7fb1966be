import { isVaultError, VaultError } from '@scaivault/errors';
import { createMetrics } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import type { TokenVerifier } from './authenticate/token-verifier.ts';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import { createAuthenticate } from './gate.ts';
import { createRateLimiter } from './limit/rate-limiter.ts';
import { createTokenBuckets } from './limit/token-buckets.ts';

const content = { subject: 'usr_1' } as VerifiedToken;
/** Tokens about which somebody outside was asked. */
const asked: string[] = [];
const verify: TokenVerifier = (token, admit) => {
  if (token.startsWith('skt_')) {
    admit?.();
    asked.push(token);
    return token === 'skt_good' ? Promise.resolve(content) : Promise.reject(new VaultError('token_invalid', 'No.'));
  }
  if (token === 'good') return content;
  if (token === 'later') return Promise.resolve(content);
  if (token === 'away') return Promise.reject(new VaultError('service_unavailable', 'No keys.'));
  if (token === 'sync') throw new VaultError('token_invalid', 'No.');
  return Promise.reject(new VaultError('token_expired', 'No.'));
};
const open = () => {
  const failures: string[] = [];
  const limiter = createRateLimiter({
    buckets: createTokenBuckets({ nowMs: () => 0 }),
    limits: { 'auth:failures': 3 },
    metrics: createMetrics('test', '0', '0'),
  });
  const authenticate = createAuthenticate({ verify, limiter, onFailure: ({ code }) => failures.push(code) });
  const attempt = async (authorization: string | undefined, ip?: string): Promise<string> => {
    try {
      return (await authenticate(authorization, ip)).subject;
    } catch (error) {
      if (isVaultError(error)) return error.code;
      throw error;
    }
  };
  return { failures, attempt };
};

describe('createAuthenticate', () => {
  it('lets good tokens in, and tells what was wrong with others', async () => {
    const { attempt, failures } = open();
    expect(await attempt('Bearer good')).toBe('usr_1');
    expect(await attempt('Bearer later')).toBe('usr_1');
    expect(await attempt(undefined)).toBe('authentication_required');
    expect(await attempt('Bearer sync')).toBe('token_invalid');
    expect(await attempt('Bearer old')).toBe('token_expired');
    expect(failures).toEqual(['authentication_required', 'token_invalid', 'token_expired']);
  });

  it('counts failures per address and then says nothing of the token any more', async () => {
    const { attempt } = open();
    for (const authorization of [undefined, 'Bearer sync', 'Bearer old']) await attempt(authorization, '10.0.0.1');
    expect(await attempt('Bearer old', '10.0.0.1')).toBe('rate_limited');
    expect(await attempt('Bearer sync', '10.0.0.1')).toBe('rate_limited');
    expect(await attempt('Bearer old', '10.0.0.2')).toBe('token_expired');
    expect(await attempt('Bearer good', '10.0.0.1')).toBe('usr_1');
  });

  it('asks nobody outside for an address that has no failure left, however many guesses come at once', async () => {
    const { attempt } = open();
    asked.length = 0;
    const guesses = Array.from({ length: 20 }, (_, n) => attempt(`Bearer skt_${n}`, '10.0.0.1'));
    const verdicts = await Promise.all(guesses);
    expect(asked).toHaveLength(3);
    expect(verdicts.filter((code) => code === 'token_invalid')).toHaveLength(3);
    expect(new Set(verdicts.slice(3))).toEqual(new Set(['rate_limited']));
    expect(await attempt('Bearer skt_more', '10.0.0.1')).toBe('rate_limited');
    expect(asked).toHaveLength(3);
    expect(await attempt('Bearer good', '10.0.0.1')).toBe('usr_1');
    expect(await attempt('Bearer skt_good', '10.0.0.2')).toBe('usr_1');
  });

  it('takes nothing for the questions about good tokens', async () => {
    const { attempt } = open();
    for (let i = 0; i < 5; i++) expect(await attempt('Bearer skt_good', '10.0.0.1')).toBe('usr_1');
    for (let i = 0; i < 3; i++) expect(await attempt('Bearer skt_bad', '10.0.0.1')).toBe('token_invalid');
    expect(await attempt('Bearer skt_bad', '10.0.0.1')).toBe('rate_limited');
  });

  it('does not hold our own outages against an address', async () => {
    const { attempt, failures } = open();
    for (let i = 0; i < 5; i++) expect(await attempt('Bearer away', '10.0.0.1')).toBe('service_unavailable');
    expect(failures).toEqual([]);
    expect(await attempt('Bearer old', '10.0.0.1')).toBe('token_expired');
  });
});

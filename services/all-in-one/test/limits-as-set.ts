import type { Vault } from '@scaivault/testkit/start-vault';
import { expect, it } from 'vitest';
import { allAuditRows, auditRowsOf } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';

/** Settings of a vault whose file has these tests. */
export const limitsAsSet = { RATE_LIMIT_SECRETS_DELETE: '3', RATE_LIMIT_AUTH_FAILURES: '4' };

/** The tests of them, in the vault that runs then. */
export const testLimitsAsSet = (vaultNow: () => Vault): void => {
  const remove = (token: string) => vaultNow().request('DELETE', '/v1/secrets/limit/a', { token });

  it('takes one unit a call and answers 429 with the time to wait, leaving no row', async () => {
    const vault = vaultNow();
    const left: (string | null)[] = [];
    for (let call = 0; call < 3; call += 1) {
      const answer = await remove(vault.token);
      expectRefusal(answer, 404, 'secret_not_found');
      left.push(answer.headers.get('x-ratelimit-remaining'));
    }
    expect(left).toEqual(['2', '1', '0']);
    const refused = await remove(vault.token);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(20);
    expectRefusal(refused, 429, 'rate_limited', {
      category: 'secrets:delete',
      limit: 3,
      window_seconds: 60,
      required: 1,
      retry_after_seconds: wait,
    });
    expect(refused.headers.get('x-ratelimit-limit')).toBe('3');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    const other = await vault.request('GET', '/v1/secrets');
    expect(other.status).toBe(200);
    await auditRowsOf(vault, other);
    const ids = (await allAuditRows(vault)).map((row) => row.request_id);
    expect(ids).not.toContain(refused.headers.get('x-request-id'));
  });

  it('counts two tokens of one service account together, and refusals by policy as well', async () => {
    const vault = vaultNow();
    const [one, two] = [
      await vault.mint({ sub: 'sa:ci' }),
      await vault.mint({ sub: 'sa:ci', scope: 'secrets:delete' }),
    ];
    for (const token of [one, two, one]) expectRefusal(await remove(token), 403, 'access_denied');
    expectRefusal(await remove(two), 429, 'rate_limited', { category: 'secrets:delete' });
    expectRefusal(await remove(await vault.mint({ sub: 'usr_bob' })), 403, 'access_denied');
  });

  it('stops answering an address that guesses tokens', async () => {
    for (let guess = 0; guess < 4; guess += 1) expectRefusal(await remove(`guess${guess}`), 401, 'token_invalid');
    expectRefusal(await remove('guess5'), 429, 'rate_limited', { category: 'auth:failures' });
    expect((await vaultNow().request('GET', '/v1/auth/whoami')).status).toBe(200);
  });
};

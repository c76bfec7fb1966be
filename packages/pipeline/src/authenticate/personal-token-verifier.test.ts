import { beforeEach, describe, expect, it } from 'vitest';
import { claimNames, nowSeconds, verdictOn } from '../../test/authenticate/issuer-keys.ts';
import { createPersonalTokenVerifier } from './personal-token-verifier.ts';
import type { TokenVerifier } from './token-verifier.ts';

const good = {
  active: true,
  sub: 'usr_1',
  tenant_id: 'tnt_a',
  scope: 'secrets:read',
  iss: 'https://scaikey.test/tenants/tnt_a',
  aud: 'scaivault',
  exp: nowSeconds + 3600,
};

let clock: number;
let asked: string[];
let reply: () => unknown;
let failures: unknown[];
let verify: TokenVerifier;

const open = (cacheMs = 60_000): TokenVerifier =>
  createPersonalTokenVerifier({
    introspect: async (token) => {
      asked.push(token);
      return reply();
    },
    trusted: {
      issuer: 'https://scaikey.test/tenants/*',
      audience: 'scaivault',
      claims: claimNames,
      tenants: { kind: 'all_but', tenantIds: new Set(['tnt_foreign']) },
    },
    cacheMs,
    leewayMs: 60_000,
    nowMs: () => clock,
    onFailure: (error) => failures.push(error),
  });

beforeEach(() => {
  clock = nowSeconds * 1000;
  asked = [];
  failures = [];
  reply = () => good;
  verify = open();
});
const verdict = (token: string): Promise<string> => verdictOn(verify, token);

describe('createPersonalTokenVerifier', () => {
  it('asks once in the time that an answer may be used', async () => {
    expect(await verify('skt_one')).toMatchObject({ subject: 'usr_1', tenantId: 'tnt_a' });
    clock += 60_000;
    expect(verify('skt_one')).not.toBeInstanceOf(Promise);
    expect(asked).toEqual(['skt_one']);
    clock += 1;
    await verify('skt_one');
    expect(asked).toHaveLength(2);
  });

  it('asks each time when nothing may be kept', async () => {
    verify = open(0);
    await verify('skt_one');
    await verify('skt_one');
    expect(asked).toHaveLength(2);
  });

  it('asks once for all who bring the token at the same time', async () => {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => verdict('skt_one'))))).toEqual(
      new Set(['accepted']),
    );
    expect(asked).toHaveLength(1);
  });

  it('keeps tokens apart', async () => {
    await verify('skt_one');
    reply = () => ({ active: false });
    expect(await verdict('skt_two')).toBe('token_invalid');
    expect(await verdict('skt_one')).toBe('accepted');
  });

  it('remembers for 5 s that a token is not active', async () => {
    reply = () => ({ active: false });
    expect([await verdict('skt_one'), await verdict('skt_one')]).toEqual(['token_invalid', 'token_invalid']);
    reply = () => good;
    clock += 5_000;
    expect(await verdict('skt_one')).toBe('token_invalid');
    expect(asked).toHaveLength(1);
    clock += 1;
    expect(await verdict('skt_one')).toBe('accepted');
  });

  it('does not let guesses push out the tokens that are good', async () => {
    await verify('skt_one');
    reply = () => ({ active: false });
    for (let i = 0; i < 10_001; i += 1) await verdict(`skt_guess${i}`);
    const before = asked.length;
    expect(await verdict('skt_one')).toBe('accepted');
    expect(asked).toHaveLength(before);
  });

  it('answers 503 while ScaiKey is away, but for what it still knows', async () => {
    await verify('skt_one');
    reply = () => {
      throw new Error('no route');
    };
    expect(await verdict('skt_two')).toBe('service_unavailable');
    expect(await verdict('skt_one')).toBe('accepted');
    clock += 60_001;
    expect(await verdict('skt_one')).toBe('service_unavailable');
    expect(failures).toHaveLength(2);
    reply = () => good;
    expect([await verdict('skt_one'), await verdict('skt_two')]).toEqual(['accepted', 'accepted']);
  });

  it('never uses an answer beyond the end of the token', async () => {
    reply = () => ({ ...good, exp: nowSeconds - 30 });
    expect(await verdict('skt_one')).toBe('accepted');
    clock += 30_000;
    expect(await verdict('skt_one')).toBe('token_expired');
    expect(await verdict('skt_two')).toBe('token_expired');
  });

  it('has no more than 64 questions under way', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    reply = () => held.then(() => good);
    const waiting = Array.from({ length: 64 }, (_, i) => verdict(`skt_${i}`));
    expect(await verdict('skt_64')).toBe('service_unavailable');
    expect(asked).toHaveLength(64);
    release();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['accepted']));
    expect(await verdict('skt_64')).toBe('accepted');
  });

  it.each(['skt_', 'skt_a b', 'skt_ä', `skt_${'x'.repeat(1_025)}`])('does not ask about %j', async (token) => {
    expect(await verdict(token)).toBe('token_invalid');
    expect(asked).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', []],
    ['a text', 'active'],
    ['no word on whether it is active', { ...good, active: undefined }],
    ['a text in place of that word', { ...good, active: 'true' }],
  ])('takes %s for no answer', async (_what, answer) => {
    reply = () => answer;
    expect(await verdict('skt_one')).toBe('service_unavailable');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['of another issuer', { iss: 'https://evil.test/tenants/tnt_a' }, 'token_invalid'],
    ['of the issuer of another tenant', { iss: 'https://scaikey.test/tenants/tnt_b' }, 'token_invalid'],
    ['of an issuer that is no text', { iss: 7 }, 'token_invalid'],
    ['without issuer', { iss: undefined }, 'accepted'],
    ['without tenant', { iss: undefined, tenant_id: undefined }, 'token_invalid'],
    [
      'of a tenant with an issuer of its own',
      { iss: 'https://scaikey.test/tenants/tnt_foreign', tenant_id: 'tnt_foreign' },
      'token_invalid',
    ],
    ['for somebody else', { aud: ['other'] }, 'token_invalid'],
    ['for us among others', { aud: ['other', 'scaivault'] }, 'accepted'],
    ['for nobody in particular', { aud: undefined }, 'accepted'],
    ['without subject', { sub: undefined }, 'token_invalid'],
    ['without end', { exp: undefined }, 'token_invalid'],
    ['with an end that is a text', { exp: 'never' }, 'token_invalid'],
    ['with scopes that are no text', { scope: 7 }, 'token_invalid'],
    ['not yet valid', { nbf: nowSeconds + 61 }, 'token_invalid'],
  ])('judges an active token %s', async (_what, change, expected) => {
    reply = () => ({ ...good, ...change });
    expect(await verdict('skt_one')).toBe(expected);
  });
});

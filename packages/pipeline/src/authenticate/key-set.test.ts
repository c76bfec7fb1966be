import { isVaultError } from '@scaivault/errors';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeySet, type KeySet } from './key-set.ts';

let jwk: JWK;
beforeAll(async () => {
  jwk = await exportJWK((await generateKeyPair('ES256')).publicKey);
});

let clock = 0;
let issuer: { keys: string[]; up: boolean; asked: number; wait: Promise<void> | undefined };
let failures: unknown[];
let set: KeySet;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  clock = 1_000_000;
  issuer = { keys: ['one'], up: true, asked: 0, wait: undefined };
  failures = [];
  set = createKeySet({
    locate: async () => 'https://idp.test/jwks',
    fetchJson: async (url) => {
      issuer.asked += 1;
      const kids = [...issuer.keys];
      await issuer.wait;
      if (!issuer.up) throw new Error(`no route to ${url}`);
      return { keys: kids.map((kid) => ({ ...jwk, kid })) };
    },
    refreshMs: 600_000,
    nowMs: () => clock,
    onFailure: (error) => failures.push(error),
  });
});
afterEach(() => {
  set.stop();
  vi.useRealTimers();
});

const find = async (kid: string): Promise<string> => {
  try {
    await set.getKey({ alg: 'ES256', kid }, {} as never);
    return 'found';
  } catch (error) {
    return isVaultError(error) ? error.code : (error as { code: string }).code;
  }
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('createKeySet', () => {
  it('fetches at first use and then answers from memory', async () => {
    expect(await find('one')).toBe('found');
    expect(await find('one')).toBe('found');
    expect(issuer.asked).toBe(1);
  });

  it('is refreshed in the background', async () => {
    await set.refresh();
    issuer.keys = ['two'];
    vi.advanceTimersByTime(600_000);
    await settled();
    expect(issuer.asked).toBe(2);
    expect(await find('two')).toBe('found');
    expect(issuer.asked).toBe(2);
  });

  it('asks once more for an unknown kid, and then not again for 30 s', async () => {
    await set.refresh();
    issuer.keys = ['one', 'two'];
    expect(await find('two')).toBe('found');
    expect(issuer.asked).toBe(2);
    issuer.keys.push('three');
    clock += 29_999;
    expect(await find('three')).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(await find('four')).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(issuer.asked).toBe(2);
    clock += 1;
    expect(await find('three')).toBe('found');
    expect(issuer.asked).toBe(3);
  });

  it('lets everybody who brings the new key wait for the same fetch', async () => {
    await set.refresh();
    issuer.keys = ['two'];
    const burst = Promise.all(Array.from({ length: 20 }, () => find('two')));
    expect(new Set(await burst)).toEqual(new Set(['found']));
    expect(issuer.asked).toBe(2);
  });

  it('serves on through an outage, tells of it, and forgets after a day', async () => {
    await set.refresh();
    issuer.up = false;
    vi.advanceTimersByTime(600_000);
    await settled();
    expect(failures).toHaveLength(1);
    clock += 86_400_000;
    expect(await find('one')).toBe('found');
    expect(await find('two')).toBe('ERR_JWKS_NO_MATCHING_KEY');
    clock += 1;
    expect(await find('one')).toBe('service_unavailable');
    issuer.up = true;
    clock += 1_000;
    expect(await find('one')).toBe('found');
  });

  it('is service_unavailable as long as no key was ever seen, asking once a second', async () => {
    issuer.up = false;
    for (let i = 0; i < 20; i += 1) expect(await find('one')).toBe('service_unavailable');
    expect([failures.length, issuer.asked]).toEqual([1, 1]);
    issuer.up = true;
    clock += 999;
    expect(await find('one')).toBe('service_unavailable');
    clock += 1;
    expect(await find('one')).toBe('found');
    expect(issuer.asked).toBe(2);
  });

  it.each([[{}], [{ keys: 'none' }], [null], [[]], ['x']])('does not take %j for a key set', async (body) => {
    const other = createKeySet({
      locate: async () => 'x',
      fetchJson: async () => body,
      refreshMs: 1_000,
      nowMs: () => clock,
      onFailure: () => {},
    });
    await expect(other.refresh()).rejects.toThrow();
    await expect(other.getKey({ alg: 'ES256', kid: 'one' }, {} as never)).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    other.stop();
  });

  it.each([0, 40 * 86_400_000])('does not hammer the issuer when told to refresh every %d ms', async (refreshMs) => {
    let asked = 0;
    const other = createKeySet({
      locate: async () => 'x',
      fetchJson: async () => {
        asked += 1;
        return { keys: [] };
      },
      refreshMs,
      nowMs: () => clock,
      onFailure: () => {},
    });
    vi.advanceTimersByTime(999);
    expect(asked).toBe(0);
    other.stop();
  });
});

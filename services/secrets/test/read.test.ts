import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerWho, openVault, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(() => vault.close());

const reader = callerWho((permission) => permission === 'read');

describe('reading', () => {
  it('answers 404 for a secret and a version that never were', async () => {
    await expect(vault.read('none')).rejects.toMatchObject({ code: 'secret_not_found', details: { path: 'none' } });
    await vault.put('one');
    await expect(vault.read('one', 2)).rejects.toMatchObject({ code: 'version_not_found', details: { version: 2 } });
  });

  it('gives no data to whoever has the version already', async () => {
    await vault.put('tagged');
    await vault.put('tagged');
    expect((await vault.read('tagged', undefined, { ifNoneMatch: '"v2"' })).json).toBeUndefined();
    expect((await vault.read('tagged', 1, { ifNoneMatch: '"v2"' })).json).toBeDefined();
    expect((await vault.read('tagged', undefined, { ifNoneMatch: '"v1"' })).json).toBeDefined();
  });

  it('ends with the lifetime of the version that is read', async () => {
    await vault.put('mortal', { expiresIn: '10s' });
    await vault.put('mortal', { expiresIn: '20s' });
    await vault.put('mortal');
    vault.passSeconds(9);
    expect((await vault.read('mortal', 1)).json).toBeDefined();
    vault.passSeconds(1);
    await expect(vault.read('mortal', 1)).rejects.toMatchObject({ code: 'secret_expired', details: { version: 1 } });
    await expect(vault.read('mortal', 1, { ifNoneMatch: '"v1"' })).rejects.toMatchObject({ code: 'secret_expired' });
    expect((await vault.read('mortal', 2)).json).toBeDefined();
    vault.passSeconds(3600);
    await expect(vault.read('mortal', 2)).rejects.toMatchObject({
      code: 'secret_expired',
      details: { expires_at: '2027-01-01T00:00:20Z' },
    });
    expect((await vault.read('mortal')).json).toBeDefined();
  });
});

describe('a softly deleted secret', () => {
  it('is 404 to readers, and tells writers until when it can be restored', async () => {
    await vault.put('gone/a', { json: { a: 1 } });
    await vault.put('gone/a', { json: { a: 2 } });
    const result = await vault.remove('gone/a');
    expect(result).toMatchObject({ versionCount: 2 });
    expect(result.recoverableUntilMicros).toBe(result.deletedAtMicros + 30 * 86_400_000_000);

    await expect(vault.read('gone/a', undefined, { caller: reader })).rejects.toMatchObject({
      code: 'secret_not_found',
      details: { path: 'gone/a' },
    });
    const told = vault.read('gone/a');
    await expect(told).rejects.toMatchObject({
      code: 'secret_not_found',
      details: {
        deleted_at: expect.stringMatching(/^2027-01-01T.*Z$/),
        recoverable_until: expect.stringMatching(/^2027-01-31T.*Z$/),
      },
    });
    const silent = await vault.read('gone/a', 1, { caller: reader }).catch((error: { details: object }) => error);
    expect(Object.keys((silent as { details: object }).details)).toEqual(['path']);

    await expect(vault.versions('gone/a', { caller: reader })).rejects.toMatchObject({ code: 'secret_not_found' });
    await expect(vault.remove('gone/a')).rejects.toMatchObject({ code: 'secret_not_found' });
    await expect(vault.put('gone/a', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'secret_exists',
      details: { deleted_at: expect.any(String), recoverable_until: expect.any(String) },
    });
  });

  it('comes back whole', async () => {
    expect(await vault.restore('gone/a')).toMatchObject({
      facts: { currentVersion: 2, deletedAtMicros: null },
      versionCount: 2,
    });
    expect((await vault.read('gone/a')).json).toEqual({ a: 2 });
    expect((await vault.read('gone/a', 1)).json).toEqual({ a: 1 });
    expect((await vault.put('gone/a')).facts.currentVersion).toBe(3);
    await expect(vault.restore('gone/a')).rejects.toMatchObject({ code: 'secret_exists' });
    await expect(vault.restore('gone/never')).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it('can be purged', async () => {
    await vault.put('gone/b', { metadata: Buffer.from('{"tags":["t"]}') });
    await vault.remove('gone/b');
    expect(await vault.remove('gone/b', { permanent: true })).toMatchObject({
      versionCount: 1,
      recoverableUntilMicros: undefined,
    });
    for (const table of ['secret', 'version', 'secret_tag']) {
      expect(await vault.admin`select path from ${vault.admin(`secrets.${table}`)} where path = 'gone/b'`).toEqual([]);
    }
    await expect(vault.restore('gone/b')).rejects.toMatchObject({ code: 'secret_not_found' });
    expect((await vault.put('gone/b')).created).toBe(true);
  });

  it('counts as never having been once its 30 days are over', async () => {
    await vault.put('gone/c', { json: { old: true } });
    await vault.put('gone/c', { json: { old: true } });
    await vault.remove('gone/c');
    vault.passDays(30);
    await expect(vault.restore('gone/c')).rejects.toMatchObject({ code: 'secret_not_found' });
    await expect(vault.remove('gone/c', { permanent: true })).rejects.toMatchObject({ code: 'secret_not_found' });
    const refusal = await vault.read('gone/c').catch((error: { details: object }) => error);
    expect((refusal as { details: object }).details).toEqual({ path: 'gone/c' });
    expect(await vault.put('gone/c', { expectedVersion: 0 })).toMatchObject({
      created: true,
      facts: { currentVersion: 1 },
    });
    await expect(vault.read('gone/c', 2)).rejects.toMatchObject({ code: 'version_not_found' });
  });
});

describe('deleting', () => {
  it('honours If-Match', async () => {
    await vault.put('matched');
    await vault.put('matched');
    await expect(vault.remove('matched', { ifMatch: '"v1"' })).rejects.toMatchObject({
      code: 'version_conflict',
      details: { current_version: 2 },
    });
    await expect(vault.remove('matched', { ifMatch: 'v2' })).rejects.toMatchObject({ code: 'invalid_request' });
    await vault.remove('matched', { ifMatch: '"v2"', permanent: true });
    await expect(vault.remove('matched', { ifMatch: '"v2"' })).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it('does not lose against a write at the same time: either the write came first, or it is refused', async () => {
    for (let i = 0; i < 20; i += 1) {
      await vault.put(`duel/${i}`);
      const [written, removed] = await Promise.allSettled([vault.put(`duel/${i}`), vault.remove(`duel/${i}`)]);
      const writtenFirst = written.status === 'fulfilled';
      expect(removed).toMatchObject({ status: 'fulfilled', value: { versionCount: writtenFirst ? 2 : 1 } });
      if (!writtenFirst) expect(written.reason).toMatchObject({ code: 'secret_exists' });
      await expect(vault.read(`duel/${i}`)).rejects.toMatchObject({ code: 'secret_not_found' });
    }
  });
});

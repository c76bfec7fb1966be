import { type PartnerId, parseSecretPath, partnerScope, type ScopeId } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretPolicy } from '../src/domain/secret-policies/secret-policy.ts';
import { callerWho, noSettings, openVault, target, tenantA, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(() => vault.close());

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const day = 86_400_000_000;

describe('metadata', () => {
  it('shows everything but the value', async () => {
    await vault.put('shown', { metadata: json({ owner: 'team:a' }), maxVersions: 3, expiresIn: '2d' });
    await vault.put('shown', { expiresIn: '1d' });
    const { facts, versionCount } = await vault.metadata('shown');
    expect(versionCount).toBe(2);
    expect(facts).toMatchObject({
      currentVersion: 2,
      maxVersions: 3,
      metadataRevision: 1,
      notifyBefore: ['30d', '7d', '1d'],
      secretPolicy: null,
    });
  });

  it('is hidden of a deleted secret, and says so to those who may write', async () => {
    await vault.put('hidden');
    await vault.remove('hidden');
    await expect(vault.metadata('hidden')).rejects.toMatchObject({
      code: 'secret_not_found',
      details: { deleted_at: expect.any(String) },
    });
    const reader = callerWho((permission) => permission === 'list');
    const error = await vault.metadata('hidden', reader).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'secret_not_found', details: { path: 'hidden' } });
    expect((error as { details: object }).details).not.toHaveProperty('deleted_at');
  });

  it('stays readable when the secret has expired', async () => {
    await vault.put('expired', { expiresIn: '1s' });
    vault.passSeconds(1);
    await expect(vault.read('expired')).rejects.toMatchObject({ code: 'secret_expired' });
    expect((await vault.metadata('expired')).facts.currentVersion).toBe(1);
  });
});

describe('a change of metadata', () => {
  it('merges key by key and makes a revision, not a version', async () => {
    await vault.put('merged', { metadata: json({ owner: 'a', tags: ['x'], deep: { keep: 1, drop: 2 }, gone: 1 }) });
    vault.passSeconds(10);
    const patch = Buffer.from(
      '{"owner":"b","deep":{"drop":null,"big":12345678901234567890.10},"gone":null,"__proto__":{"x":1}}',
    );
    const { facts, versionCount } = await vault.update('merged', { metadata: patch });
    expect(facts.metadata).toBe(
      '{"description":null,"owner":"b","tags":["x"],"deep":{"keep":1,"big":12345678901234567890.10},"__proto__":{"x":1}}',
    );
    expect(facts).toMatchObject({ currentVersion: 1, metadataRevision: 2 });
    expect(facts.updatedAtMicros).toBe(facts.createdAtMicros + 10_000_000);
    expect(versionCount).toBe(1);
  });

  it('clears with null, and finds the secret by its new tags only', async () => {
    await vault.put('tagged', { metadata: json({ owner: 'a', description: 'd', tags: ['old', 'both'] }) });
    const { facts } = await vault.update('tagged', {
      metadata: json({ owner: null, description: null, tags: ['both', 'new'] }),
    });
    expect(facts.metadata).toBe('{"description":null,"owner":null,"tags":["both","new"]}');
    const pathsBy = async (tag: string) => (await vault.list({ tags: [tag] })).secrets.map(({ path }) => path);
    expect(await pathsBy('old')).toEqual([]);
    expect(await pathsBy('both')).toEqual(['tagged']);
    expect(await pathsBy('new')).toEqual(['tagged']);
  });

  it('changes type, limit, lifetime and notices, and leaves out what is not given', async () => {
    await vault.put('set', { json: { v: 1 } });
    for (let i = 2; i <= 5; i += 1) await vault.put('set', { json: { v: i } });
    const changed = await vault.update('set', {
      secretType: 'json',
      maxVersions: 2,
      expiresIn: '2d',
      notifyBefore: json(['1h']),
    });
    expect(changed).toMatchObject({
      versionCount: 2,
      facts: { secretType: 'json', maxVersions: 2, notifyBefore: ['1h'] },
    });
    expect(changed.facts.expiresAtMicros).toBe(changed.facts.updatedAtMicros + 2 * day);
    await expect(vault.read('set', 3)).rejects.toMatchObject({ code: 'version_not_found' });
    expect((await vault.read('set', 4)).json).toEqual({ v: 4 });
    const kept = await vault.update('set', {});
    expect(kept.facts).toMatchObject({ secretType: 'json', maxVersions: 2, notifyBefore: ['1h'], metadataRevision: 3 });
    expect(kept.facts.expiresAtMicros).toBe(changed.facts.expiresAtMicros);
  });

  it('moves the expiry of the current version alone, and takes it away with null', async () => {
    await vault.put('life', { expiresIn: '1h' });
    await vault.put('life', { expiresIn: '1h' });
    await vault.update('life', { expiresIn: '2h' });
    vault.passSeconds(3600);
    expect((await vault.read('life')).value.version).toBe(2);
    await expect(vault.read('life', 1)).rejects.toMatchObject({ code: 'secret_expired' });
    vault.passSeconds(3600);
    await expect(vault.read('life')).rejects.toMatchObject({ code: 'secret_expired' });
    const { facts } = await vault.update('life', { nulls: ['expires_in'] });
    expect(facts.expiresAtMicros).toBeNull();
    expect((await vault.read('life')).value.version).toBe(2);
  });

  it('honours a revision tag', async () => {
    await vault.put('etag');
    await vault.update('etag', { ifMatch: '"m1"' });
    await expect(vault.update('etag', { ifMatch: '"m1"' })).rejects.toMatchObject({
      code: 'version_conflict',
      details: { current_revision: 2 },
    });
    await vault.update('etag', { ifMatch: '*' });
    await expect(vault.update('etag', { ifMatch: '"v1"' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(vault.update('nothing', { ifMatch: '*' })).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it('lets one of two with the same tag through', async () => {
    await vault.put('race');
    const results = await Promise.allSettled([1, 2, 3].map(() => vault.update('race', { ifMatch: '"m1"' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('refuses what would be too large, and changes nothing', async () => {
    await vault.put('large', { metadata: json({ a: 'x'.repeat(10_000) }) });
    await expect(vault.update('large', { metadata: json({ b: 'x'.repeat(10_000) }) })).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    await expect(vault.update('large', { metadata: json({ tags: ['Not A Tag'] }) })).rejects.toMatchObject({
      code: 'validation_error',
    });
    expect((await vault.metadata('large')).facts.metadataRevision).toBe(1);
  });

  it('knows no rotation policies and no secret policies that are not there', async () => {
    await vault.put('attached');
    await expect(vault.update('attached', { rotationPolicyId: 'rot_x' })).rejects.toMatchObject({
      code: 'rotation_policy_not_found',
    });
    await expect(vault.update('attached', { secretPolicyId: 'sp_x' })).rejects.toMatchObject({
      code: 'secret_policy_not_found',
    });
    await expect(vault.put('attached', { secretPolicyId: 'sp_x' })).rejects.toMatchObject({
      code: 'secret_policy_not_found',
    });
    expect((await vault.metadata('attached')).facts.currentVersion).toBe(1);
  });
});

describe('a secret policy that is attached', () => {
  const owner = 't:tnt_a' as ScopeId;
  const policy = (id: string): SecretPolicy => ({
    id,
    name: id,
    policyType: 'custom',
    description: null,
    fields: [],
    isActive: true,
    createdAtMicros: 0,
    updatedAtMicros: 0,
  });

  it('is kept until it is detached, and its attachment is a new revision', async () => {
    await vault.policies.insert(owner, policy('sp_kept'), undefined);
    await vault.put('policy/kept', { secretPolicyId: 'sp_kept' });
    expect((await vault.metadata('policy/kept')).facts.secretPolicy).toEqual({ scopeId: 't:tnt_a', id: 'sp_kept' });
    await vault.put('policy/kept');
    const detached = await vault.put('policy/kept', { nulls: ['secret_policy_id'] });
    expect(detached.facts).toMatchObject({ secretPolicy: null, metadataRevision: 2 });
  });

  it('cannot be deleted between the look-up and the write', async () => {
    const racing = await openVault();
    try {
      await racing.policies.insert(owner, policy('sp_race'), undefined);
      await racing.put('policy/race');
      const write = racing.store.hold(tenantA, parseSecretPath('policy/race'), async (held) => {
        await racing.admin`delete from secrets.secret_policy where id = 'sp_race'`;
        return await held?.change({ secretPolicy: { scopeId: owner, id: 'sp_race' } }, 1);
      });
      await expect(write).rejects.toMatchObject({ code: 'secret_policy_not_found' });
      expect((await racing.metadata('policy/race')).facts.secretPolicy).toBeNull();
    } finally {
      await racing.close();
    }
  });

  it('is of the partner that the secret belongs to', async () => {
    await vault.policies.insert(owner, policy('sp_own'), undefined);
    const shared = partnerScope('ptn_x' as PartnerId);
    await vault.put('policy/shared', { secretPolicyId: 'sp_own' }, shared);
    const foreign = { ...callerWho(() => true, partnerScope('ptn_y' as PartnerId)), partnerId: 'ptn_x' as PartnerId };
    const attach = vault.useCases.putSecret(foreign, target('policy/foreign', foreign.objectScope), {
      ...noSettings,
      data: json({ a: 1 }),
      generateFrom: undefined,
      metadata: undefined,
      secretPolicyId: 'sp_own',
    });
    await expect(attach).rejects.toMatchObject({ code: 'secret_policy_not_found' });
  });
});

describe('what expires', () => {
  it('is listed soonest first, as far as asked and as the caller may', async () => {
    const later = await openVault();
    try {
      await later.put('a/3d', { expiresIn: '3d' });
      await later.put('b/1d', { expiresIn: '1d' });
      await later.put('c/40d', { expiresIn: '40d' });
      await later.put('d/never');
      await later.put('e/1h', { expiresIn: '1h' });
      await later.put('f/deleted', { expiresIn: '1d' });
      await later.remove('f/deleted');
      const paths = async (request = {}, caller = callerWho(() => true)) =>
        (await later.expiring(request, caller)).secrets.map(({ path }) => path);
      expect(await paths()).toEqual(['e/1h', 'b/1d', 'a/3d']);
      expect(await paths({ within: '2d' })).toEqual(['e/1h', 'b/1d']);
      expect(await paths({ within: '41d' })).toEqual(['e/1h', 'b/1d', 'a/3d', 'c/40d']);
      later.passSeconds(3600);
      expect(await paths()).toEqual(['b/1d', 'a/3d']);
      expect(await paths({ includeExpired: true })).toEqual(['e/1h', 'b/1d', 'a/3d']);
      expect(
        await paths(
          {},
          callerWho((_permission, path) => path !== 'b/1d'),
        ),
      ).toEqual(['a/3d']);
      const first = await later.expiring({ includeExpired: true, limit: 2 });
      expect(first.secrets.map(({ path }) => path)).toEqual(['e/1h', 'b/1d']);
      const second = await later.expiring({ includeExpired: true, limit: 2, cursor: first.cursor });
      expect(second.secrets.map(({ path }) => path)).toEqual(['a/3d']);
      expect(second.cursor).toBeUndefined();
      await expect(later.expiring({ includeExpired: false, limit: 2, cursor: first.cursor })).rejects.toMatchObject({
        code: 'invalid_cursor',
      });
    } finally {
      await later.close();
    }
  });
});

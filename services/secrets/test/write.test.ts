import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openVault, scopeOf, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault({ maxDataBytes: 4096 });
});
afterAll(() => vault.close());

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('writing', () => {
  it('makes the secret with its first version and goes on with the next', async () => {
    const first = await vault.put('first/db', { json: { a: 1 } });
    expect(first).toMatchObject({
      created: true,
      facts: { currentVersion: 1, secretType: 'kv', maxVersions: 10, metadataRevision: 1, expiresAtMicros: null },
    });
    vault.passSeconds(5);
    const second = await vault.put('first/db', { json: { a: 2 } });
    expect(second).toMatchObject({ created: false, facts: { currentVersion: 2 } });
    expect(second.facts.createdAtMicros).toBe(first.facts.createdAtMicros);
    expect(second.facts.updatedAtMicros).toBe(first.facts.updatedAtMicros + 5_000_000);
    expect((await vault.read('first/db')).json).toEqual({ a: 2 });
    expect((await vault.read('first/db', 1)).json).toEqual({ a: 1 });
  });

  it('keeps type, metadata and limit unless told otherwise; the lifetime it does not inherit', async () => {
    await vault.put('keep', {
      secretType: 'api_key',
      metadata: json({ owner: 'team:a', tags: ['x'] }),
      maxVersions: 3,
      expiresIn: '1h',
    });
    const kept = await vault.put('keep');
    expect(kept.facts).toMatchObject({
      secretType: 'api_key',
      maxVersions: 3,
      metadata: '{"description":null,"owner":"team:a","tags":["x"]}',
      metadataRevision: 1,
      expiresAtMicros: null,
    });
    const changed = await vault.put('keep', { secretType: 'json', metadata: json({}), maxVersions: 4 });
    expect(changed.facts).toMatchObject({
      secretType: 'json',
      maxVersions: 4,
      metadata: '{"description":null,"owner":null,"tags":[]}',
      metadataRevision: 2,
    });
    expect((await vault.read('keep', 1)).value.secretType).toBe('api_key');
  });

  it('counts the lifetime from this write', async () => {
    const { facts } = await vault.put('lifetime', { expiresIn: '1h30m' });
    expect(facts.expiresAtMicros).toBe(facts.updatedAtMicros + 5_400_000_000);
    await expect(vault.put('lifetime', { expiresIn: 'soon' })).rejects.toMatchObject({
      code: 'invalid_duration',
      details: { field: 'options.expires_in' },
    });
  });

  it('takes a value of exactly the limit and refuses one byte more', async () => {
    const sized = (bytes: number) => Buffer.from(`{"a":"${'x'.repeat(bytes - 8)}"}`);
    await vault.put('sized', { data: sized(4096) });
    await expect(vault.put('sized', { data: sized(4097) })).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { limit_bytes: 4096, actual_bytes: 4097 },
    });
    expect((await vault.read('sized')).secret.currentVersion).toBe(1);
  });

  it('keeps equal paths of two tenants apart', async () => {
    await vault.put('shared/name', { json: { of: 'a' } });
    await vault.put('shared/name', { json: { of: 'b' } }, scopeOf('tnt_b'));
    expect((await vault.read('shared/name')).json).toEqual({ of: 'a' });
    expect((await vault.read('shared/name', undefined, { scope: scopeOf('tnt_b') })).json).toEqual({ of: 'b' });
    await expect(vault.read('shared/name', undefined, { scope: scopeOf('tnt_c') })).rejects.toMatchObject({
      code: 'secret_not_found',
    });
  });
});

describe('optimistic writing', () => {
  it('refuses to write when the condition does not hold, and changes nothing', async () => {
    const conflict = (version: number) => ({ code: 'version_conflict', details: { current_version: version } });
    await expect(vault.put('cas', { expectedVersion: 1 })).rejects.toMatchObject(conflict(0));
    await expect(vault.put('cas', { ifMatch: '*' })).rejects.toMatchObject(conflict(0));
    await vault.put('cas', { ifNoneMatch: '*' });
    await expect(vault.put('cas', { ifNoneMatch: '*' })).rejects.toMatchObject(conflict(1));
    await expect(vault.put('cas', { expectedVersion: 0 })).rejects.toMatchObject(conflict(1));
    await vault.put('cas', { ifMatch: '"v1"' });
    await expect(vault.put('cas', { ifMatch: '"v1"' })).rejects.toMatchObject(conflict(2));
    expect((await vault.read('cas')).secret.currentVersion).toBe(2);
  });

  it('lets exactly one of many win, in one process and in three', async () => {
    const processes = [vault, await vault.another(), await vault.another()];
    for (const [expectedVersion, count] of [
      [0, 1],
      [1, 3],
    ] as const) {
      const writers = Array.from({ length: 30 }, (_, i) =>
        (processes[i % count] ?? vault).put('race', { json: { i }, expectedVersion }),
      );
      const results = await Promise.allSettled(writers);
      const lost = results.filter((result) => result.status === 'rejected');
      expect(lost).toHaveLength(29);
      for (const { reason } of lost) {
        expect(reason).toMatchObject({ code: 'version_conflict', details: { current_version: expectedVersion + 1 } });
      }
      expect((await vault.read('race')).json).toEqual({ i: results.findIndex(({ status }) => status === 'fulfilled') });
    }
  });
});

describe('200 writers of one path at once', () => {
  const writeAll = async (path: string, processes: readonly Pick<Vault, 'put'>[]) => {
    const results = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const { facts } = await (processes[i % processes.length] as Vault).put(path, { json: { i }, maxVersions: 100 });
        return { i, version: facts.currentVersion };
      }),
    );
    const versions = results.map(({ version }) => version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    for (const { i, version } of results.filter(({ version }) => version > 190)) {
      expect((await vault.read(path, version)).json).toEqual({ i });
    }
    expect(
      await vault.admin`select count(*)::int as kept from secrets.version where path = ${path} and data_ct is not null`,
    ).toEqual([{ kept: 100 }]);
  };

  it('get 1 to 200 without a gap', () => writeAll('busy/one', [vault]));

  it('get 1 to 200 without a gap from three processes', async () =>
    writeAll('busy/three', [vault, await vault.another(), await vault.another()]));
});

describe('max_versions', () => {
  it('erases ciphertext and key of the oldest at once; number and times stay', async () => {
    for (let i = 1; i <= 4; i += 1) await vault.put('pruned', { json: { i }, maxVersions: 3 });
    await expect(vault.read('pruned', 1)).rejects.toMatchObject({ code: 'version_not_found', details: { version: 1 } });
    expect((await vault.read('pruned', 2)).json).toEqual({ i: 2 });
    await vault.put('pruned', { json: { i: 5 }, maxVersions: 1 });
    const rows = await vault.admin`
      select version, data_ct is null and data_key_wrapped is null and wrapped_by is null as erased,
        destroyed_at is not null as destroyed, created_at is not null as dated
      from secrets.version where path = 'pruned' order by version`;
    expect(rows).toEqual(
      [1, 2, 3, 4, 5].map((version) => ({ version, erased: version < 5, destroyed: version < 5, dated: true })),
    );
    expect(
      (await vault.versions('pruned')).versions.map(({ version, destroyedAtMicros }) => [
        version,
        destroyedAtMicros !== null,
      ]),
    ).toEqual([
      [5, false],
      [4, true],
      [3, true],
      [2, true],
      [1, true],
    ]);
  });
});

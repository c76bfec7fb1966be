import type { Client } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire, type StartedModule } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startSecrets } from './start-secrets.ts';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const textOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()) as unknown;

describeOnEveryWire('SecretsService', (wire) => {
  let vault: StartedModule;
  let admin: Client<typeof SecretsService>;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ vault, close } = await startSecrets(wire, { SECRET_MAX_BYTES: '2048' }));
    admin = await vault.client(SecretsService);
  });
  afterAll(() => close());
  beforeEach(() => {
    vault.world.policies.length = 0;
    vault.journal.outcomes.length = 0;
  });

  /** A caller without a role, who has only these permissions. */
  const someone = async (pathPattern: string, permissions: readonly ('read' | 'write' | 'list')[]) => {
    vault.world.policies.push({
      id: 'pol_1',
      name: 'some',
      scope: 'tenant',
      priority: 100,
      createdAtMs: 0,
      rules: [{ path_pattern: pathPattern, permissions: [...permissions], effect: 'allow', conditions: null }],
      bindings: [{ identityType: 'user', identityId: 'user:b@a.example', subjectId: null, expiresAtMs: null }],
    });
    return await vault.client(SecretsService, { sub: 'usr_b', email: 'b@a.example', roles: [] });
  };

  /** The answer of a call together with what HTTP is told of it. */
  const withHeaders = async <Answer>(call: (options: { onHeader(headers: Headers): void }) => Promise<Answer>) => {
    let seen = new Headers();
    const answer = await call({
      onHeader: (headers) => {
        seen = headers;
      },
    });
    const { 'x-scaivault-status': status, etag, location } = Object.fromEntries(seen);
    return { answer, http: { status, etag, location } };
  };

  const lastAudit = () => {
    const row = vault.journal.outcomes.at(-1);
    return { ...row, extra: textOf(row?.extraData ?? Buffer.from('null')) };
  };

  it('says 201 with tag and address for the first version, and the tag alone for the next', async () => {
    const first = await withHeaders((options) =>
      admin.putSecret({ path: 'http/put', data: json({ a: 1 }), metadata: json({ tags: ['x', 'x'], n: 1 }) }, options),
    );
    expect(first.http).toEqual({ status: '201', etag: '"v1"', location: '/v1/secrets/http/put' });
    expect(first.answer).toMatchObject({ path: 'http/put', version: 1, secretType: 'kv' });
    expect(first.answer.createdAt).toEqual(first.answer.updatedAt);
    expect(textOf(first.answer.metadata)).toEqual({ description: null, owner: null, tags: ['x'], n: 1 });
    const second = await withHeaders((options) => admin.putSecret({ path: 'http/put', data: json({ a: 2 }) }, options));
    expect(second.http).toEqual({ etag: '"v2"' });
    expect(lastAudit()).toMatchObject({ action: 'write', secretPath: 'http/put', success: true });
  });

  it('reads byte for byte what was written', async () => {
    const data = Buffer.from('{"b":1.50,"a":"\\u00e4ö","big":12345678901234567890}');
    await admin.putSecret({ path: 'http/read', data, secretType: 'json', options: { expiresIn: '1h' } });
    const { answer, http } = await withHeaders((options) => admin.readSecret({ path: 'http/read' }, options));
    expect(Buffer.from(answer.data).equals(data)).toBe(true);
    expect(http).toEqual({ etag: '"v1"' });
    expect(answer).toMatchObject({ path: 'http/read', secretType: 'json', version: 1 });
    expect(answer.expiresAt?.seconds).toBe((answer.createdAt?.seconds ?? 0n) + 3600n);
    expect(answer.lastAccessedAt).toBeUndefined();
    expect(lastAudit()).toMatchObject({ action: 'read', secretPath: 'http/read', success: true, extra: {} });
  });

  it('answers 304 without a value to whoever has the version, and audits it', async () => {
    await admin.putSecret({ path: 'http/304', data: json({ a: 1 }) });
    const { answer, http } = await withHeaders((options) =>
      admin.readSecret({ path: 'http/304', ifNoneMatch: '"v1"' }, options),
    );
    expect(http).toEqual({ status: '304', etag: '"v1"' });
    expect(answer.data).toHaveLength(0);
    expect(lastAudit()).toMatchObject({ action: 'read', success: true, extra: { not_modified: true } });
  });

  it('refuses with code and details', async () => {
    const put = (request: object) => admin.putSecret({ path: 'http/refused', data: json({ a: 1 }), ...request });
    await expect(put({ data: json({}) })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(put({ data: undefined })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(put({ data: json({ a: 'x'.repeat(2048) }) })).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { limit_bytes: 2048, actual_bytes: 2056 },
    });
    await expect(put({ secretType: 'odd' })).rejects.toMatchObject({ code: 'invalid_secret_type' });
    await expect(put({ options: { maxVersions: 0 } })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(put({ options: { maxVersions: 101 } })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(put({ options: { expiresIn: '0s' } })).rejects.toMatchObject({ code: 'invalid_duration' });
    await expect(put({ ifMatch: 'v1' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(put({ ifMatch: '"v1"', options: { expectedVersion: 2 } })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(put({ options: { expectedVersion: 4 } })).rejects.toMatchObject({
      code: 'version_conflict',
      details: { path: 'http/refused', current_version: 0 },
    });
    await expect(admin.readSecret({ path: 'http/refused' })).rejects.toMatchObject({ code: 'secret_not_found' });
    await expect(admin.readSecret({ path: 'http/refused', version: 0 })).rejects.toMatchObject({
      code: 'validation_error',
    });
    expect(lastAudit()).toMatchObject({ action: 'read', success: false, errorCode: 'secret_not_found' });
  });

  it('deletes, restores and purges', async () => {
    await admin.putSecret({ path: 'http/gone', data: json({ a: 1 }), options: { maxVersions: 5 } });
    const deleted = await admin.deleteSecret({ path: 'http/gone', ifMatch: '"v1"' });
    expect(deleted).toMatchObject({ path: 'http/gone', permanent: false, versionCount: 1 });
    expect(deleted.recoverableUntil?.seconds).toBe((deleted.deletedAt?.seconds ?? 0n) + 30n * 86_400n);
    await expect(admin.readSecret({ path: 'http/gone' })).rejects.toMatchObject({
      code: 'secret_not_found',
      details: { deleted_at: expect.any(String), recoverable_until: expect.any(String) },
    });
    const reader = await someone('http/*', ['read']);
    const told = await reader.readSecret({ path: 'http/gone' }).catch((error: { details: unknown }) => error.details);
    expect(told).toEqual({ path: 'http/gone' });

    expect(await admin.restoreSecret({ path: 'http/gone' })).toMatchObject({
      path: 'http/gone',
      scope: 'tenant',
      version: 1,
      versionCount: 1,
      maxVersions: 5,
      metadataRevision: 1,
      notifyBefore: ['30d', '7d', '1d'],
    });
    await expect(admin.restoreSecret({ path: 'http/gone' })).rejects.toMatchObject({ code: 'secret_exists' });
    const purged = await admin.deleteSecret({ path: 'http/gone', permanent: true });
    expect(purged).toMatchObject({ permanent: true, versionCount: 1 });
    expect(purged.recoverableUntil).toBeUndefined();
  });

  it('lists versions newest first', async () => {
    for (let i = 1; i <= 3; i += 1) {
      await admin.putSecret({ path: 'http/versions', data: json({ i }), options: { maxVersions: 2 } });
    }
    const page = await admin.listVersions({ path: 'http/versions', limit: 2 });
    expect(page).toMatchObject({ path: 'http/versions', currentVersion: 3, hasMore: true });
    expect(page.versions).toMatchObject([
      { version: 3, state: 'current', createdBy: 'user:admin@a.example', isRotation: false },
      { version: 2, state: 'superseded' },
    ]);
    const rest = await admin.listVersions({ path: 'http/versions', cursor: page.cursor });
    expect(rest).toMatchObject({ hasMore: false, versions: [{ version: 1, state: 'destroyed' }] });
    expect(rest.cursor).toBeUndefined();
    expect(rest.versions[0]?.destroyedAt).toBeDefined();
  });

  it('lists what the caller may list, and counts it for the audit', async () => {
    for (const path of ['list/a', 'list/b', 'list/secret/c']) {
      await admin.putSecret({ path, data: json({ a: 1 }), metadata: json({ tags: ['t'] }) });
    }
    const page = await admin.listSecrets({ prefix: 'list', limit: 2 });
    expect(page).toMatchObject({
      hasMore: true,
      secrets: [{ path: 'list/a', scope: 'tenant', version: 1 }, { path: 'list/b' }],
    });
    const rest = await admin.listSecrets({ prefix: 'list', cursor: page.cursor });
    expect(rest).toMatchObject({ hasMore: false, secrets: [{ path: 'list/secret/c' }] });
    expect(lastAudit()).toMatchObject({ action: 'list', secretPath: 'list', extra: { count: 1 } });
    expect((await admin.listSecrets({ tag: ['t'], prefix: 'list/secret' })).secrets).toHaveLength(1);
    const lister = await someone('list/*', ['list']);
    expect((await lister.listSecrets({})).secrets.map(({ path }) => path)).toEqual(['list/a', 'list/b']);
    await expect(lister.listSecrets({ prefix: 'list', cursor: page.cursor })).resolves.toBeDefined();
  });

  it('keeps tenants apart, and a caller without right outside', async () => {
    await admin.putSecret({ path: 'http/own', data: json({ a: 1 }) });
    const elsewhere = await vault.client(SecretsService, { tenant_id: 'tnt_b', sub: 'usr_other' });
    await expect(elsewhere.readSecret({ path: 'http/own' })).rejects.toMatchObject({ code: 'secret_not_found' });
    expect((await elsewhere.listSecrets({})).secrets).toEqual([]);
    const { cursor } = await admin.listSecrets({ limit: 1 });
    await expect(elsewhere.listSecrets({ limit: 1, cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    const reader = await someone('other/**', ['read']);
    await expect(reader.readSecret({ path: 'http/own' })).rejects.toMatchObject({ code: 'access_denied' });
    await expect(reader.readSecret({ path: 'http/none' })).rejects.toMatchObject({ code: 'access_denied' });
    await expect(reader.putSecret({ path: 'http/own', data: json({ a: 1 }) })).rejects.toMatchObject({
      code: 'access_denied',
    });
  });

  it('is ready while database and root key work, and logs no value', async () => {
    for (const check of Object.values(vault.module.checks)) await check();
    await admin.putSecret({ path: 'http/canary', data: json({ a: 'canary-11c' }) });
    await admin.readSecret({ path: 'http/canary' });
    expect(vault.logLines.join()).not.toContain('canary-11c');
    const records = [...vault.journal.intents, ...vault.journal.outcomes].map(({ extraData }) =>
      Buffer.from(extraData),
    );
    expect(Buffer.concat(records).toString()).not.toContain('canary-11c');
  });
});

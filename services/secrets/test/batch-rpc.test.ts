import type { Client } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire, type StartedModule } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSecrets } from './start-secrets.ts';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const parsed = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes ?? []).toString());

describeOnEveryWire('many paths at once', (wire) => {
  let vault: StartedModule;
  let admin: Client<typeof SecretsService>;
  let close: () => Promise<void>;
  const limit = 20;

  beforeAll(async () => {
    ({ vault, close } = await startSecrets(wire, { RATE_LIMIT_SECRETS_READ: String(limit) }));
    admin = await vault.client(SecretsService);
    for (const name of ['a', 'b', 'c', '__proto__', '12'])
      await admin.putSecret({ path: `batch/${name}`, data: json({ name }), metadata: json({ tags: ['t'] }) });
  });
  afterAll(() => close());
  beforeEach(() => {
    vault.world.policies.length = 0;
    vault.journal.intents.length = 0;
    vault.journal.outcomes.length = 0;
  });

  /** A caller of its own name and bucket, allowed `permission` on `pattern` but not on batch/b. */
  let people = 0;
  const someone = async (pattern: string, permissions: ('read' | 'list')[]) => {
    people += 1;
    const email = `p${people}@a.example`;
    const binding = { identityType: 'user', identityId: `user:${email}`, subjectId: null, expiresAtMs: null } as const;
    const rule = (path_pattern: string, effect: 'allow' | 'deny') => ({
      path_pattern,
      permissions,
      effect,
      conditions: null,
    });
    vault.world.policies.push({
      id: 'pol_1',
      name: 'some',
      scope: 'tenant',
      priority: 100,
      createdAtMs: 0,
      rules: [rule('batch/b', 'deny'), rule(pattern, 'allow')],
      bindings: [binding],
    });
    return await vault.client(SecretsService, { sub: `usr_${people}`, email, roles: [] });
  };

  const rows = () =>
    vault.journal.outcomes
      .map(({ action, secretPath, success, errorCode, policyId }) => [action, secretPath, success, errorCode, policyId])
      .toSorted();

  it('reads what the caller may, each path with its own answer and its own row', async () => {
    const reader = await someone('batch/*', ['read']);
    const paths = ['batch/a', 'batch/__proto__', 'batch/12', 'batch/b', 'batch/none', 'Bad', 'batch/a'];
    const answer = await reader.batchRead({ paths });
    expect(Object.keys(answer.secrets).toSorted()).toEqual(['batch/12', 'batch/__proto__', 'batch/a']);
    expect(parsed(answer.secrets['batch/__proto__']?.data)).toEqual({ name: '__proto__' });
    expect(answer.secrets['batch/a']).toMatchObject({ version: 1, secretType: 'kv' });
    expect(answer.secrets['batch/a']?.metadata).toBeUndefined();
    const codes = Object.entries(answer.errors).map(([path, { code }]) => [path, code]);
    expect(codes.toSorted()).toEqual([
      ['Bad', 'invalid_path'],
      ['batch/b', 'access_denied'],
      ['batch/none', 'secret_not_found'],
    ]);
    expect(answer.summary).toMatchObject({ requested: 6, succeeded: 3, failed: 3 });
    expect(rows()).toEqual([
      ['read', 'batch/12', true, undefined, 'pol_1'],
      ['read', 'batch/__proto__', true, undefined, 'pol_1'],
      ['read', 'batch/a', true, undefined, 'pol_1'],
      ['read', 'batch/b', false, 'access_denied', 'pol_1'],
      ['read', 'batch/none', false, 'secret_not_found', 'pol_1'],
    ]);
  });

  it('gives metadata when asked, and every path at the version named', async () => {
    const reader = await someone('batch/*', ['read']);
    const answer = await reader.batchRead({ paths: ['batch/a'], options: { includeMetadata: true } });
    expect(parsed(answer.secrets['batch/a']?.metadata)).toMatchObject({ tags: ['t'] });
    const older = await reader.batchRead({ paths: ['batch/a'], options: { version: 2 } });
    expect(older.errors['batch/a']).toMatchObject({ code: 'version_not_found' });
  });

  it('fails as a whole with the first failure when told to', async () => {
    const reader = await someone('batch/*', ['read']);
    const paths = ['batch/a', 'batch/none', 'batch/b'];
    await expect(reader.batchRead({ paths, options: { failFast: true } })).rejects.toMatchObject({
      code: 'secret_not_found',
      details: { path: 'batch/none' },
    });
    await expect(reader.batchRead({ paths: ['batch/b'], options: { failFast: true } })).rejects.toMatchObject({
      code: 'access_denied',
      details: { path: 'batch/b' },
    });
  });

  it('costs a unit for each secret returned, and refuses before it reads when there are too few', async () => {
    const reader = await someone('batch/*', ['read']);
    const absent = Array.from({ length: limit }, (_, i) => `batch/none${i}`);
    for (let i = 0; i < 3; i += 1) expect((await reader.batchRead({ paths: absent })).summary?.failed).toBe(limit);
    vault.journal.outcomes.length = 0;
    const tooMany = [...absent, 'batch/a'];
    await expect(reader.batchRead({ paths: tooMany })).rejects.toMatchObject({
      code: 'rate_limited',
      details: { category: 'secrets:read', required: limit + 1 },
    });
    expect(rows()).toEqual([]);
    for (let i = 0; i < limit / 2; i += 1) await reader.batchRead({ paths: ['batch/a', 'batch/c'] });
    await expect(reader.batchRead({ paths: ['batch/a', 'batch/c'] })).rejects.toMatchObject({
      code: 'rate_limited',
      details: { required: 2 },
    });
  });

  it('finds by globs what the caller may list', async () => {
    const lister = await someone('batch/**', ['list']);
    const answer = await lister.batchReadMetadata({ paths: ['batch/*', '**/a', 'batch/?'], expandWildcards: true });
    expect(Object.keys(answer.secrets).toSorted()).toEqual(['batch/12', 'batch/__proto__', 'batch/a', 'batch/c']);
    expect(answer).toMatchObject({ truncated: false, errors: {}, summary: { requested: 4, succeeded: 4, failed: 0 } });
    expect(answer.secrets['batch/a']).toMatchObject({ path: 'batch/a', scope: 'tenant', versionCount: 1 });
    expect(rows().map(([action, path, success]) => [action, path, success])).toEqual([
      ['list', 'batch/12', true],
      ['list', 'batch/__proto__', true],
      ['list', 'batch/a', true],
      ['list', 'batch/c', true],
    ]);
    await expect(lister.batchReadMetadata({ paths: ['**x'], expandWildcards: true })).rejects.toMatchObject({
      code: 'invalid_glob',
    });
    const plain = await lister.batchReadMetadata({ paths: ['batch/a', 'batch/b', 'batch/*'] });
    expect(Object.keys(plain.secrets)).toEqual(['batch/a']);
    expect(plain.errors).toMatchObject({ 'batch/b': { code: 'access_denied' }, 'batch/*': { code: 'invalid_path' } });
  });

  it('refuses none and more than a hundred', async () => {
    for (const paths of [[], Array.from({ length: 101 }, (_, i) => `p/${i}`)]) {
      await expect(admin.batchRead({ paths })).rejects.toMatchObject({ code: 'validation_error' });
      await expect(admin.batchReadMetadata({ paths })).rejects.toMatchObject({ code: 'validation_error' });
    }
  });
});

describe('one answer', () => {
  it('holds as many values as fit, and says of the others that they are to be read alone', async () => {
    const { vault, close } = await startSecrets('direct', { MAX_BODY_BYTES: '8388608' });
    try {
      const client = await vault.client(SecretsService);
      const paths = Array.from({ length: 20 }, (_, i) => `large/${i}`);
      for (const path of paths) await client.putSecret({ path, data: json({ a: 'x'.repeat(1_000_000) }) });
      const answer = await client.batchRead({ paths });
      expect(Object.keys(answer.secrets)).toHaveLength(16);
      const codes = new Set(Object.values(answer.errors).map(({ code }) => code));
      expect([...codes]).toEqual(['payload_too_large']);
    } finally {
      await close();
    }
  });
});

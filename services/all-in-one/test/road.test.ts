import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRowsOf } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const secondsForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe.each(shapes)('the road through ScaiVault (%s)', (shape) => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const put = (path: string, body: object, headers: Record<string, string> = {}) =>
    vault.request('PUT', `/v1/secrets/${path}`, { body, headers });
  const get = (path: string, headers: Record<string, string> = {}) =>
    vault.request('GET', `/v1/secrets/${path}`, { headers });

  it('writes a first version, reads it, writes a second and still reads the first', async () => {
    const data = { password: 'correct horse', deep: { list: [1, 2.5, null, true, 'ü'] } };
    const created = await put('road/db', { data, metadata: { description: 'main', tags: ['crm', 'crm', 'eu'] } });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"v1"');
    const location = new URL(created.headers.get('location') ?? '', vault.url);
    expect(location.pathname).toBe('/v1/secrets/road/db');
    expect(created.json).toEqual({
      path: 'road/db',
      version: 1,
      secret_type: 'kv',
      metadata: { description: 'main', owner: null, tags: ['crm', 'eu'] },
      created_at: expect.stringMatching(secondsForm),
      updated_at: expect.stringMatching(secondsForm),
      expires_at: null,
      rotation_policy_id: null,
    });
    const read = await get('road/db');
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe('"v1"');
    expect(read.json).toEqual({
      ...created.json,
      data,
      last_accessed_at: null,
      secret_policy_id: null,
    });

    const second = await put('road/db', { data: { password: 'battery staple' }, secret_type: 'json' });
    expect(second.status).toBe(200);
    expect(second.headers.get('etag')).toBe('"v2"');
    expect(second.json).toMatchObject({ version: 2, secret_type: 'json', metadata: { tags: ['crm', 'eu'] } });
    expect((await get('road/db')).json).toMatchObject({ version: 2, data: { password: 'battery staple' } });
    const first = await get('road/db?version=1');
    expect(first.json).toMatchObject({ version: 1, secret_type: 'kv', data });
    expect(first.headers.get('etag')).toBe('"v1"');
    expectRefusal(await get('road/db?version=3'), 404, 'version_not_found', { version: 3 });
  });

  it('answers 304 to a reader who has the version, and audits it', async () => {
    const same = await get('road/db', { 'if-none-match': '"v2"' });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', '"v2"']);
    const [row] = await auditRowsOf(vault, same);
    expect(row).toMatchObject({ action: 'read', success: true, extra_data: { not_modified: true } });
    expect((await get('road/db', { 'if-none-match': '"v1"' })).status).toBe(200);
  });

  it('lets a writer say which version it has seen', async () => {
    const data = { n: 1 };
    const conflict = { path: 'road/db', current_version: 2 };
    expectRefusal(await put('road/db', { data, options: { expected_version: 1 } }), 409, 'version_conflict', conflict);
    expectRefusal(await put('road/db', { data, options: { expected_version: 0 } }), 409, 'version_conflict', conflict);
    expectRefusal(await put('road/db', { data }, { 'if-match': '"v1"' }), 409, 'version_conflict', conflict);
    expectRefusal(await put('road/db', { data }, { 'if-none-match': '*' }), 409, 'version_conflict', conflict);
    const absent = await put('road/none', { data }, { 'if-match': '*' });
    expectRefusal(absent, 409, 'version_conflict', { path: 'road/none', current_version: 0 });
    const unlike = await put('road/db', { data, options: { expected_version: 2 } }, { 'if-match': '"v1"' });
    expectRefusal(unlike, 400, 'invalid_request');
    expectRefusal(await put('road/db', { data }, { 'if-match': 'v2' }), 400, 'invalid_request');
    expect((await put('road/db', { data, options: { expected_version: 2 } }, { 'if-match': '"v2"' })).status).toBe(200);
    const failed = await vault.request('DELETE', '/v1/secrets/road/db', { headers: { 'if-match': '"v2"' } });
    expectRefusal(failed, 409, 'version_conflict', { current_version: 3 });
  });

  it('lists by prefix, tags and type, page by page in byte order', async () => {
    for (const name of ['b', 'a', 'a/x', 'apple', 'a-1', 'a_1'])
      succeeded(
        await put(`list/${name}`, { data: { n: 1 }, metadata: { tags: name.startsWith('a') ? ['t1', 't2'] : [] } }),
      );
    const list = async (query: string) => succeeded(await vault.request('GET', `/v1/secrets?${query}`)).json;
    const paths = (page: { secrets: { path: string }[] }) => page.secrets.map(({ path }) => path);

    expect(paths(await list('prefix=list/a'))).toEqual(['list/a', 'list/a/x']);
    expect(paths(await list('prefix=list/a/'))).toEqual(['list/a/x']);
    expect(paths(await list('prefix=list&tag=t1&tag=t2&secret_type=kv'))).toEqual([
      'list/a',
      'list/a-1',
      'list/a/x',
      'list/a_1',
      'list/apple',
    ]);
    expect(await list('prefix=list&tag=t3')).toEqual({ secrets: [], cursor: null, has_more: false });
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await list(`prefix=list&limit=2${cursor}`);
      seen.push(...paths(page));
      expect(page.has_more).toBe(page.cursor !== null);
      cursor = page.cursor === null ? '' : `&cursor=${page.cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(['list/a', 'list/a-1', 'list/a/x', 'list/a_1', 'list/apple', 'list/b']);
    const [row] = (await list('prefix=list/b')).secrets;
    expect(row).toEqual({
      path: 'list/b',
      scope: 'tenant',
      secret_type: 'kv',
      version: 1,
      metadata: { description: null, owner: null, tags: [] },
      created_at: expect.stringMatching(secondsForm),
      updated_at: expect.stringMatching(secondsForm),
      expires_at: null,
      rotation_policy_id: null,
      deleted_at: null,
    });
  });

  it('shows the versions, newest first, and prunes the oldest', async () => {
    for (let n = 1; n <= 4; n += 1) succeeded(await put('road/many', { data: { n }, options: { max_versions: 3 } }));
    const { json } = await vault.request('GET', '/v1/secrets/road/many:versions');
    expect(json).toMatchObject({ path: 'road/many', current_version: 4, cursor: null, has_more: false });
    expect(json.versions.map((row: { version: number; state: string }) => [row.version, row.state])).toEqual([
      [4, 'current'],
      [3, 'superseded'],
      [2, 'superseded'],
      [1, 'destroyed'],
    ]);
    expect(json.versions[0]).toMatchObject({ created_by: 'user:alice@acme.example', is_rotation: false });
    expectRefusal(await get('road/many?version=1'), 404, 'version_not_found');
    const page = (await vault.request('GET', '/v1/secrets/road/many:versions?limit=3')).json;
    const rest = (await vault.request('GET', `/v1/secrets/road/many:versions?limit=3&cursor=${page.cursor}`)).json;
    expect([page.versions.length, page.has_more, rest.versions.length, rest.has_more]).toEqual([3, true, 1, false]);
  });

  it('deletes softly, restores, and deletes for good', async () => {
    succeeded(await put('road/gone', { data: { v: 1 } }));
    succeeded(await put('road/gone', { data: { v: 2 } }));
    const path = '/v1/secrets/road/gone';
    const deleted = await vault.request('DELETE', path);
    expect(deleted.status).toBe(200);
    const at = expect.stringMatching(secondsForm);
    const soft = { path: 'road/gone', permanent: false, version_count: 2, deleted_at: at, recoverable_until: at };
    expect(deleted.json).toEqual(soft);
    const until = { deleted_at: deleted.json.deleted_at, recoverable_until: deleted.json.recoverable_until };
    expect(Date.parse(until.recoverable_until) - Date.parse(until.deleted_at)).toBe(30 * 86_400_000);
    expectRefusal(await vault.request('GET', path), 404, 'secret_not_found', until);
    expectRefusal(await vault.request('GET', `${path}:versions`), 404, 'secret_not_found');
    expectRefusal(await vault.request('DELETE', path), 404, 'secret_not_found');
    expectRefusal(await put('road/gone', { data: { v: 3 } }), 409, 'secret_exists', until);
    const shown = async (query: string) =>
      (await vault.request('GET', `/v1/secrets?prefix=road/gone${query}`)).json.secrets;
    expect(await shown('')).toEqual([]);
    expect(await shown('&include_deleted=true')).toMatchObject([{ deleted_at: until.deleted_at }]);

    const restored = await vault.request('POST', `${path}:restore`);
    expect(restored.status).toBe(200);
    expect(restored.json).toMatchObject({ version: 2, version_count: 2, scope: 'tenant', deleted_at: null });
    expectRefusal(await vault.request('POST', `${path}:restore`, { body: {} }), 409, 'secret_exists');
    expect((await vault.request('GET', path)).json.data).toEqual({ v: 2 });

    const purged = await vault.request('DELETE', `${path}?permanent=true`);
    expect(purged.json).toEqual({ ...soft, permanent: true, recoverable_until: null });
    expectRefusal(await vault.request('POST', `${path}:restore`), 404, 'secret_not_found');
    expect((await put('road/gone', { data: { v: 1 } })).status).toBe(201);
    succeeded(await vault.request('DELETE', path));
    expect((await vault.request('DELETE', `${path}?permanent=true`)).json).toMatchObject({ permanent: true });
    expectRefusal(await vault.request('GET', `${path}?version=1`), 404, 'secret_not_found');
  });

  it('says who the caller is', async () => {
    const alice = await vault.request('GET', '/v1/auth/whoami');
    expect(alice.json).toMatchObject({
      identity_id: 'user:alice@acme.example',
      identity_type: 'user',
      display_name: 'Alice Archer',
      tenant_id: 'tnt_acme_prod',
      partner_id: 'ptn_acme',
      groups: [],
      roles: ['tenant_admin'],
      mfa_verified_at: expect.stringMatching(secondsForm),
      token_expires_at: expect.stringMatching(secondsForm),
    });
    const bob = await vault.request('GET', '/v1/auth/whoami', { token: await vault.mint({ sub: 'bob@acme.example' }) });
    expect(bob.json).toMatchObject({ identity_id: 'user:bob@acme.example', roles: [], mfa_verified_at: null });
    expect([...bob.json.groups].sort()).toEqual(['group:oncall', 'group:sre']);
    const ci = await vault.request('GET', '/v1/auth/whoami', {
      token: await vault.mint({ sub: 'sa:ci', scope: 'secrets:read' }),
    });
    expect(ci.json).toMatchObject({ identity_id: 'sa:ci', identity_type: 'service_account', scopes: ['secrets:read'] });
  });

  it('gives a service account what its policy says and nothing else, and records both', async () => {
    succeeded(await put('road-of-ci/api', { data: { key: 'k' } }));
    succeeded(await put('other/api', { data: { key: 'k' } }));
    const token = await vault.mint({ sub: 'sa:ci' });
    const rules = [{ path_pattern: 'road-of-ci/**', permissions: ['read', 'list'] }];
    const { policyId } = await grant(vault, 'sa:ci', rules, { name: 'ci-app' });
    const allowed = await vault.request('GET', '/v1/secrets/road-of-ci/api', { token });
    expect(allowed.json.data).toEqual({ key: 'k' });
    const denied = await vault.request('GET', '/v1/secrets/other/api', { token });
    expectRefusal(denied, 403, 'access_denied', { path: 'other/api', permission: 'read' });
    const listed = await vault.request('GET', '/v1/secrets', { token });
    expect(listed.json.secrets.map(({ path }: { path: string }) => path)).toEqual(['road-of-ci/api']);

    expect(await auditRowsOf(vault, allowed)).toMatchObject([
      {
        action: 'read',
        success: true,
        error_code: null,
        identity_id: 'sa:ci',
        secret_path: 'road-of-ci/api',
        policy_id: policyId,
      },
    ]);
    expect(await auditRowsOf(vault, denied)).toMatchObject([
      { action: 'read', success: false, error_code: 'access_denied', identity_id: 'sa:ci', secret_path: 'other/api' },
    ]);
    const dry = async (path: string) =>
      (await vault.request('POST', '/v1/policies/test', { body: { identity_id: 'sa:ci', path, permission: 'read' } }))
        .json;
    expect(await dry('road-of-ci/api')).toMatchObject({
      allowed: true,
      reason: 'allowed_by_rule',
      matched: { policy_id: policyId, policy_name: 'ci-app', rule_index: 0 },
      failed_condition: null,
    });
    expect(await dry('other/api')).toMatchObject({ allowed: false, reason: 'no_matching_rule', matched: null });
    const shown = await vault.request('GET', `/v1/policies/${policyId}`);
    expect(shown.json).toMatchObject({
      name: 'ci-app',
      scope: 'tenant',
      priority: 100,
      bindings: [{ identity_id: 'sa:ci' }],
    });
    expectRefusal(await vault.request('DELETE', `/v1/policies/${policyId}`), 409, 'policy_in_use', {
      binding_count: 1,
    });
    expect((await vault.request('DELETE', `/v1/policies/${policyId}?force=true`)).status).toBe(204);
    expectRefusal(await vault.request('GET', '/v1/secrets/road-of-ci/api', { token }), 403, 'access_denied');
  });
});

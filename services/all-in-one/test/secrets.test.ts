import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRowsOf } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { rawRequest } from './raw-request.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const secondsForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe.each(shapes)('the whole life of a secret (%s)', (shape) => {
  let vault: Vault;
  /** Partner admin of ptn_acme, at home in tnt_acme_prod. */
  let carol: string;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    carol = await vault.mint({ sub: 'carol@acme.example' });
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const put = (path: string, body: object, headers: Record<string, string> = {}) =>
    vault.request('PUT', `/v1/secrets/${path}`, { body, headers });
  const get = (path: string, headers: Record<string, string> = {}) =>
    vault.request('GET', `/v1/secrets/${path}`, { headers });
  const post = (path: string, body: object = {}, headers: Record<string, string> = {}) =>
    vault.request('POST', `/v1/${path}`, { body, headers });
  const patch = (path: string, body: object, headers: Record<string, string> = {}) =>
    vault.request('PATCH', `/v1/secrets/${path}:metadata`, { body, headers });

  it('shows and changes metadata with a tag of its own', async () => {
    succeeded(
      await put('life/meta', { data: { n: 1 }, metadata: { owner: 'team:a', tags: ['x'], free: { a: 1, b: 2 } } }),
    );
    const shown = succeeded(await get('life/meta:metadata'));
    expect(shown.headers.get('etag')).toBe('"m1"');
    expect(shown.json).toEqual({
      path: 'life/meta',
      scope: 'tenant',
      secret_type: 'kv',
      version: 1,
      version_count: 1,
      metadata: { description: null, owner: 'team:a', tags: ['x'], free: { a: 1, b: 2 } },
      metadata_revision: 1,
      max_versions: 10,
      notify_before: ['30d', '7d', '1d'],
      created_at: expect.stringMatching(secondsForm),
      updated_at: expect.stringMatching(secondsForm),
      expires_at: null,
      last_accessed_at: null,
      rotation_policy_id: null,
      secret_policy_id: null,
      rotation: null,
      deleted_at: null,
      recoverable_until: null,
    });
    expect((await get('life/meta:metadata', { 'if-none-match': '"m1"' })).status).toBe(304);
    const changed = succeeded(
      await patch(
        'life/meta',
        { metadata: { owner: null, free: { b: null } }, options: { expires_in: '1h', notify_before: [] } },
        { 'if-match': '"m1"' },
      ),
    );
    expect(changed.headers.get('etag')).toBe('"m2"');
    expect(changed.json).toMatchObject({
      version: 1,
      metadata: { description: null, owner: null, tags: ['x'], free: { a: 1 } },
      notify_before: [],
      expires_at: expect.stringMatching(secondsForm),
    });
    expectRefusal(await patch('life/meta', {}, { 'if-match': '"m1"' }), 409, 'version_conflict');
    expect(succeeded(await patch('life/meta', { options: { expires_in: null } })).json.expires_at).toBeNull();
    expectRefusal(await patch('life/meta', { options: { max_versions: 0 } }), 422, 'validation_error');
    expectRefusal(await patch('life/meta', { data: { n: 2 } }), 422, 'validation_error');
    expectRefusal(
      await patch('life/meta', { options: { rotation_policy_id: 'rot_01J9ZC4A0B1C2D3E4F5G6H7J8K' } }),
      404,
      'rotation_policy_not_found',
    );
  });

  it('rotates, keeps the old value for its grace period, destroys and says so', async () => {
    succeeded(await put('life/rotated', { data: { v: 1 } }));
    const rotated = succeeded(
      await post('secrets/life/rotated:rotate', { data: { v: 2 }, grace_period: '1h', reason: 'leaked' }),
    );
    expect(rotated.headers.get('etag')).toBe('"v2"');
    expect(rotated.json).toEqual({
      id: expect.stringMatching(/^rh_/),
      secret_path: 'life/rotated',
      rotation_policy_id: null,
      status: 'success',
      old_version: 1,
      new_version: 2,
      auto_generated: false,
      grace_period_ends: expect.stringMatching(secondsForm),
      triggered_by: 'user:alice@acme.example',
      started_at: expect.stringMatching(secondsForm),
      completed_at: expect.stringMatching(secondsForm),
      error: null,
    });
    expect((await get('life/rotated?version=1')).json.data).toEqual({ v: 1 });
    const versions = succeeded(await get('life/rotated:versions')).json.versions;
    expect(versions.map(({ state, is_rotation: isRotation }: Record<string, unknown>) => [state, isRotation])).toEqual([
      ['current', true],
      ['grace', false],
    ]);
    succeeded(await post('secrets/life/rotated:rotate', { data: { v: 3 }, grace_period: '0s' }));
    expectRefusal(await get('life/rotated?version=1'), 404, 'version_not_found', { reason: 'grace_period_ended' });
    const destroyed = succeeded(await post('secrets/life/rotated:destroy', { versions: [1, 2] }));
    expect(destroyed.json).toEqual({ path: 'life/rotated', destroyed: [2, 1], remaining_versions: [3] });
    expectRefusal(await post('secrets/life/rotated:destroy', { versions: [1] }), 404, 'version_not_found');
    for (const versionsAsked of [[3], [], [1, 1], [0]])
      expectRefusal(await post('secrets/life/rotated:destroy', { versions: versionsAsked }), 422, 'validation_error');
    const [row] = await auditRowsOf(vault, destroyed);
    expect(row).toMatchObject({ action: 'destroy', secret_path: 'life/rotated', success: true });
  });

  it('lists what expires, soonest first', async () => {
    succeeded(await put('soon/later', { data: { n: 1 }, options: { expires_in: '10d' } }));
    succeeded(await put('soon/sooner', { data: { n: 1 }, options: { expires_in: '25h' } }));
    const listed = succeeded(await vault.request('GET', '/v1/secrets:expiring?prefix=soon')).json;
    expect(listed).toMatchObject({
      secrets: [
        { path: 'soon/sooner', scope: 'tenant', days_remaining: 1 },
        { path: 'soon/later', days_remaining: 9 },
      ],
      cursor: null,
      has_more: false,
    });
    expectRefusal(await vault.request('GET', '/v1/secrets:expiring?within=soon'), 400, 'invalid_duration');
  });

  it('generates values by a secret policy, of which nobody sees more than they read', async () => {
    const fields = [
      { name: 'password', generator: 'random', config: { length: 20, charset: 'safe', require_digit: true } },
      { name: 'user', generator: 'static', config: { value: 'app' } },
    ];
    const made = await post('secret-policies', { name: 'db password', policy_type: 'password', fields });
    expect(made.status).toBe(201);
    const { id } = made.json;
    expect(new URL(made.headers.get('location') ?? '', vault.url).pathname).toBe(`/v1/secret-policies/${id}`);
    const written = await put('made/db', { options: { generate_from: id, secret_policy_id: id } });
    expect(written.status).toBe(201);
    expect(written.json).not.toHaveProperty('data');
    const first = (await get('made/db')).json;
    expect(first).toMatchObject({
      data: { user: 'app', password: expect.stringMatching(/^[\w.~-]{20}$/) },
      secret_policy_id: id,
    });
    const rotated = succeeded(await post('secrets/made/db:rotate'));
    expect(rotated.json).toMatchObject({ auto_generated: true, new_version: 2 });
    expect((await get('made/db')).json.data.password).not.toBe(first.data.password);
    const preview = succeeded(await post(`secret-policies/${id}:preview`, { count: 3 })).json;
    expect(preview.samples).toHaveLength(3);
    expect(preview.entropy_bits).toMatchObject({ user: 0 });
    expectRefusal(await vault.request('DELETE', `/v1/secret-policies/${id}`), 409, 'policy_in_use', { references: 1 });
    expect((await vault.request('DELETE', `/v1/secret-policies/${id}?force=true`)).status).toBe(204);
    expect((await get('made/db')).json.secret_policy_id).toBeNull();
    expectRefusal(await post('secrets/made/db:rotate'), 422, 'validation_error');
    expectRefusal(await put('made/none', { options: { generate_from: id } }), 404, 'secret_policy_not_found');
    expectRefusal(await put('made/none', { data: { n: 1 }, options: { generate_from: id } }), 422, 'validation_error');
    expectRefusal(await put('made/none', { options: {} }), 422, 'validation_error');
  });

  it('reads many at once, each by its own right and with its own row', async () => {
    for (const name of ['a', 'b', '__proto__']) succeeded(await put(`batch/${name}`, { data: { name } }));
    const ci = await vault.mint({ sub: 'sa:ci' });
    await grant(
      vault,
      'sa:ci',
      [
        { path_pattern: 'batch/b', permissions: ['read'], effect: 'deny' },
        { path_pattern: 'batch/**', permissions: ['read', 'list'] },
      ],
      { priority: 1 },
    );
    const paths = ['batch/a', 'batch/b', 'batch/__proto__', 'batch/none', 'Batch/X', 'batch/a'];
    const answer = succeeded(await vault.request('POST', '/v1/secrets/batch', { token: ci, body: { paths } }));
    expect(Object.entries(answer.json.secrets).toSorted()).toEqual([
      ['batch/__proto__', { data: { name: '__proto__' }, version: 1, secret_type: 'kv' }],
      ['batch/a', { data: { name: 'a' }, version: 1, secret_type: 'kv' }],
    ]);
    const codes = Object.entries(answer.json.errors).map(([path, error]) => [path, (error as { code: string }).code]);
    expect(codes.toSorted()).toEqual([
      ['Batch/X', 'invalid_path'],
      ['batch/b', 'access_denied'],
      ['batch/none', 'secret_not_found'],
    ]);
    expect(answer.json.summary).toEqual({ requested: 5, succeeded: 2, failed: 3 });
    const rows = await auditRowsOf(vault, answer, { atLeast: 4 });
    expect(
      rows.map(({ action, secret_path: path, success, error_code: code }) => [action, path, success, code]).toSorted(),
    ).toEqual([
      ['read', 'batch/__proto__', true, null],
      ['read', 'batch/a', true, null],
      ['read', 'batch/b', false, 'access_denied'],
      ['read', 'batch/none', false, 'secret_not_found'],
    ]);
    const failFast = await vault.request('POST', '/v1/secrets/batch', {
      token: ci,
      body: { paths, options: { fail_fast: true } },
    });
    expectRefusal(failFast, 403, 'access_denied', { path: 'batch/b' });
    const many = Array.from({ length: 101 }, (_, i) => `batch/${i}`);
    expectRefusal(await post('secrets/batch', { paths: many }), 422, 'validation_error');
    expectRefusal(await post('secrets/batch', { paths: [] }), 422, 'validation_error');
    const metadata = succeeded(
      await vault.request('POST', '/v1/secrets/batch/metadata', {
        token: ci,
        body: { paths: ['batch/*'], expand_wildcards: true },
      }),
    ).json;
    expect(Object.keys(metadata.secrets).toSorted()).toEqual(['batch/__proto__', 'batch/a', 'batch/b']);
    expect(metadata).toMatchObject({ summary: { requested: 3, succeeded: 3, failed: 0 }, truncated: false });
    expectRefusal(
      await post('secrets/batch/metadata', { paths: ['batch/['], expand_wildcards: true }),
      400,
      'invalid_glob',
    );
  });

  it("keeps a partner's secrets for all of its tenants, and changes them for its admins only", async () => {
    const path = '/v1/partner/secrets/common/smtp';
    const body = { data: { user: 'mail' } };
    expectRefusal(await vault.request('PUT', path, { body }), 403, 'forbidden');
    const written = await vault.request('PUT', path, { token: carol, body });
    expect(written.status).toBe(201);
    expect(written.json).toMatchObject({ path: 'common/smtp', scope: 'partner' });
    expect(new URL(written.headers.get('location') ?? '', vault.url).pathname).toBe(path);
    const read = succeeded(await vault.request('GET', path));
    expect(read.json).toMatchObject({ path: 'common/smtp', scope: 'partner', data: body.data });
    const [row] = await auditRowsOf(vault, read);
    expect(row).toMatchObject({ action: 'read', secret_path: 'partner/common/smtp', tenant_id: 'tnt_acme_prod' });
    expectRefusal(await get('common/smtp'), 404, 'secret_not_found');
    expectRefusal(await put('partner/common/smtp', body), 400, 'invalid_path');

    const dev = succeeded(
      await vault.request('GET', path, { token: carol, headers: { 'x-tenant-id': 'tnt_acme_dev' } }),
    );
    expect(dev.json.data).toEqual(body.data);
    const dave = await vault.mint({ sub: 'dave@umbrella.example' });
    expectRefusal(await vault.request('GET', path, { token: dave }), 404, 'secret_not_found');

    const ci = await vault.mint({ sub: 'sa:ci' });
    expectRefusal(await vault.request('GET', path, { token: ci }), 403, 'access_denied', {
      path: 'partner/common/smtp',
    });
    await grant(vault, 'sa:ci', [{ path_pattern: 'partner/common/*', permissions: ['read'] }]);
    succeeded(await vault.request('GET', path, { token: ci }));

    succeeded(await put('partner-x/own', { data: { n: 1 } }));
    succeeded(await put('q/own', { data: { n: 1 } }));
    const list = async (query: string) =>
      succeeded(await vault.request('GET', `/v1/secrets?${query}`)).json.secrets.map(
        (row: { path: string; scope: string }) => [row.path, row.scope],
      );
    const all = await list('include_partner=true&limit=1000');
    // Beside those of other files.
    const ofPartner = all.filter(([, scope]: string[]) => scope === 'partner');
    expect(ofPartner).toContainEqual(['partner/common/smtp', 'partner']);
    for (const [listed] of ofPartner) expect(listed).toMatch(/^partner\//);
    expect(all.map(([listed]: string[]) => listed)).toEqual(all.map(([listed]: string[]) => listed).toSorted());
    expect((await list('limit=1000')).map(([listed]: string[]) => listed)).not.toContain('partner/common/smtp');
    expect(await list('include_partner=true&prefix=partner/common')).toEqual([['partner/common/smtp', 'partner']]);
    const bare = succeeded(await vault.request('GET', '/v1/partner/secrets?prefix=common')).json;
    expect(bare.secrets).toMatchObject([{ path: 'common/smtp', scope: 'partner' }]);
    expect((await vault.request('DELETE', path, { token: carol })).status).toBe(200);
  });

  it('does a write with an Idempotency-Key once', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const body = { data: { n: 1 } };
    const first = await put('once/a', body, headers);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const again = await put('once/a', body, headers);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('etag')).toBe('"v1"');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await get('once/a')).json.version).toBe(1);
    const [row] = await auditRowsOf(vault, again);
    expect(row).toMatchObject({ action: 'write', success: true, extra_data: { idempotent_replay: true } });
    expectRefusal(await put('once/a', { data: { n: 2 } }, headers), 409, 'idempotency_conflict', {
      reason: 'mismatch',
    });
    expectRefusal(await put('once/b', body, headers), 409, 'idempotency_conflict', { reason: 'mismatch' });
    expectRefusal(await put('once/a', body, { 'idempotency-key': 'ü' }), 400, 'invalid_request');
    expectRefusal(await put('once/a', body, { 'idempotency-key': 'x'.repeat(129) }), 400, 'invalid_request');
    const racing = await Promise.all(
      Array.from({ length: 10 }, () => put('once/race', body, { 'idempotency-key': 'k-race' })),
    );
    for (const { status } of racing) expect([201, 409]).toContain(status);
    expect(racing.some(({ status }) => status === 201)).toBe(true);
    expect((await get('once/race')).json.version).toBe(1);
    const rotate = () => post('secrets/once/a:rotate', { data: { n: 3 } }, { 'idempotency-key': 'k-2' });
    expect((await rotate()).text).toBe((await rotate()).text);
    expect((await get('once/a')).json.version).toBe(2);
    const partner = () =>
      vault.request('PUT', '/v1/partner/secrets/once/shared', {
        token: carol,
        body,
        headers: { 'idempotency-key': 'k-4' },
      });
    expect([(await partner()).status, (await partner()).status]).toEqual([201, 201]);
    expect((await vault.request('GET', '/v1/partner/secrets/once/shared')).json.version).toBe(1);
    const policy = () =>
      post(
        'policies',
        { name: 'once', rules: [{ path_pattern: 'x', permissions: ['read'] }] },
        { 'idempotency-key': 'k-3' },
      );
    const [one, two] = [await policy(), await policy()];
    expect([one.status, two.status, two.text]).toEqual([201, 201, one.text]);
  });

  it('gives JSON back as it came, and refuses what has no one meaning', async () => {
    const headers = { 'content-type': 'application/json' };
    const raw = (path: string, body: string) =>
      rawRequest(vault, { method: 'PUT', path: `/v1/secrets/${path}`, headers, body });
    const value =
      '{"big":12345678901234567890123,"small":1e-400,"zero":-0.0,"precise":0.1000,"__proto__":{"constructor":{"x":1}},' +
      '"uni":"ä\\u00e4\\ud83d\\ude00😀","":"empty","deep":[[[{"a":[null,true,false]}]]],"nul":"a\\u0000b"}';
    expect((await raw('json/exact', `{"data": ${value}}`)).status).toBe(201);
    const read = await rawRequest(vault, { path: '/v1/secrets/json/exact' });
    expect(read.text).toContain(`"data":${value}`);
    for (const body of ['{"data":{"a":1,"a":2}}', '{"data":{"deep":[{"a":1,"\\u0061":2}]}}', '{"data":{"a":01}}'])
      expectRefusal(await raw('json/refused', body), 400, 'invalid_request');
    expectRefusal(await get('json/refused'), 404, 'secret_not_found');
  });

  it('takes a value of exactly the limit, above the threshold of rows, and not a byte more', async () => {
    const limit = 1_048_576;
    const sized = (bytes: number) => ({ data: { a: 'x'.repeat(bytes - '{"a":""}'.length) } });
    expect((await put('large/exact', sized(limit))).status).toBe(201);
    expect((await get('large/exact')).json.data).toEqual(sized(limit).data);
    expectRefusal(await put('large/more', sized(limit + 1)), 413, 'payload_too_large', {
      limit_bytes: limit,
      actual_bytes: limit + 1,
    });
    expectRefusal(await get('large/more'), 404, 'secret_not_found');
  });
});

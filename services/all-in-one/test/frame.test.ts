import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows, auditRowsOf, eventNumbers } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { succeeded } from './grant.ts';
import { dataOfBytes } from './input-refusals.ts';
import { rawRequest } from './raw-request.ts';
import { borrowUnlimited, readsPerMinute } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const microsForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const secret = '/v1/secrets/frame/a';

describe.each(shapes)('what frames every answer (%s)', (shape) => {
  let vault: Vault;
  let bob: string;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    bob = await vault.mint({ sub: 'bob@acme.example' });
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  it('leaves one audit row per deed, found by the request id of its answer', async () => {
    const deeds: [action: string, path: string | null, answer: Answer][] = [];
    const act = async (action: string, path: string | null, method: string, url: string, body?: object) => {
      const answer = succeeded(await vault.request(method, url, { ...(body === undefined ? {} : { body }) }));
      deeds.push([action, path, answer]);
      return answer.json;
    };
    const rules = [{ path_pattern: 'app/*', permissions: ['read'] }];
    await act('write', 'frame/a', 'PUT', secret, { data: { n: 1 } });
    await act('read', 'frame/a', 'GET', secret);
    await act('list', 'frame/a', 'GET', `${secret}:versions`);
    await act('list', 'frame', 'GET', '/v1/secrets?prefix=frame');
    await act('delete', 'frame/a', 'DELETE', secret);
    await act('restore', 'frame/a', 'POST', `${secret}:restore`);
    const { id } = await act('policy_create', null, 'POST', '/v1/policies', { name: 'frame', rules });
    await act('policy_update', null, 'PATCH', `/v1/policies/${id}`, { priority: 7 });
    await act('policy_update', null, 'PUT', `/v1/policies/${id}`, { name: 'frame 2', rules });
    const binding = { identity_type: 'group', identity_id: 'group:sre' };
    const bound = await act('policy_bind', null, 'POST', `/v1/policies/${id}/bindings`, binding);
    await act('config_read', null, 'GET', `/v1/policies/${id}`);
    await act('policy_unbind', null, 'DELETE', `/v1/policies/${id}/bindings/${bound.id}`);
    await act('policy_delete', null, 'DELETE', `/v1/policies/${id}`);
    await act('config_read', null, 'GET', '/v1/identity/resolve/group/group:sre');
    await act('audit_read', 'frame', 'GET', '/v1/audit/logs?path_prefix=frame');
    for (const [action, path, answer] of deeds) {
      const rows = await auditRowsOf(vault, answer);
      expect(rows, action).toEqual([
        {
          id: expect.stringMatching(/^log_/),
          event_seq: expect.any(Number),
          tenant_id: 'tnt_acme_prod',
          timestamp: expect.stringMatching(microsForm),
          action,
          identity_type: 'user',
          identity_id: 'user:alice@acme.example',
          secret_path: path,
          source_ip: '127.0.0.1',
          user_agent: 'node',
          success: true,
          error_code: null,
          policy_id: path === null || action === 'audit_read' || path === 'frame' ? null : 'builtin:tenant_admin',
          duration_ms: expect.any(Number),
          request_id: answer.headers.get('x-request-id'),
          extra_data: expect.any(Object),
        },
      ]);
    }
    const numbers = await eventNumbers(vault);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('keeps the request id of the client as a fact beside its own', async () => {
    const headers = { 'x-request-id': 'client-1_A' };
    const answer = await vault.request('GET', '/v1/secrets/frame/none', { headers });
    expectRefusal(answer, 404, 'secret_not_found');
    expect(await auditRowsOf(vault, answer)).toMatchObject([
      { success: false, error_code: 'secret_not_found', extra_data: { client_request_id: 'client-1_A' } },
    ]);
    const bad = await vault.request('GET', '/v1/secrets/frame/a', { headers: { 'x-request-id': 'a b' } });
    expectRefusal(bad, 400, 'invalid_request');
  });

  it('records no answer that section 7.1 leaves out', async () => {
    const silent = [
      await vault.request('GET', '/v1/auth/whoami'),
      await vault.request('PUT', '/v1/secrets/frame/a', { body: { data: {} } }),
      await vault.request('GET', '/v1/secrets/frame//a'),
      await vault.request('POST', '/v1/policies/test', {
        body: { identity_id: 'user:bob@acme.example', path: 'a', permission: 'read' },
      }),
    ];
    expect(silent.map(({ status }) => status)).toEqual([200, 422, 400, 200]);
    // A later row is there, so theirs would be too: one process ships its rows in order, and each is asked.
    for (const url of ['/v1/auth/whoami', '/v1/policies', '/v1/secrets']) {
      const later = await vault.request('GET', url);
      if (url !== '/v1/auth/whoami') await auditRowsOf(vault, later);
    }
    const ids = new Set((await allAuditRows(vault)).map((row) => row.request_id));
    expect(silent.filter(({ headers }) => ids.has(headers.get('x-request-id') ?? ''))).toEqual([]);
  });

  it('forbids caches, and tells what is left of a limit', async () => {
    const read = await vault.request('GET', '/v1/secrets/frame/a');
    expect(read.headers.get('cache-control')).toBe('no-store');
    expect(read.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(read.headers.get('x-ratelimit-limit')).toBe(String(readsPerMinute));
    expect(Number(read.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(4900);
    expect(Number(read.headers.get('x-ratelimit-remaining'))).toBeLessThan(readsPerMinute);
    expect(Number(read.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000 - 1);
    expect([...read.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    const probe = await vault.request('GET', '/v1/health', { token: null });
    expect(probe.headers.has('x-ratelimit-limit')).toBe(false);
    expect(probe.headers.get('cache-control')).toBe('no-store');
  });

  it('answers probes, version, contract and page without a token', async () => {
    const open = (path: string) => vault.request('GET', path, { token: null });
    expect((await open('/v1/health')).json).toEqual({ status: 'healthy', timestamp: expect.any(String) });
    const ready = await open('/v1/health/ready');
    expect([ready.status, ready.json.status, new Set(Object.values(ready.json.checks))]).toEqual([
      200,
      'ready',
      new Set(['ok']),
    ]);
    expect(ready.json.checks).toMatchObject({ database: 'ok', encryption: 'ok' });
    expect((await open('/v1/version')).json).toMatchObject({ api_version: 'v1', version: expect.any(String) });
    const contract = await open('/v1/openapi.json');
    expect(contract.json.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(contract.json.paths)).toContain('/v1/secrets/{path}');
    const page = await open('/');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text.includes('id="readSecret"')).toBe(true);
    const head = await rawRequest(vault, { method: 'HEAD', path: '/v1/health', token: null });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it('lets a partner admin act in a tenant of the partner, whose trail then tells of it', async () => {
    const carol = await vault.mint({ sub: 'carol@acme.example' });
    const below = '/v1/t/tnt_acme_dev/secrets/frame/a';
    const put = await vault.request('PUT', below, { token: carol, body: { data: { of: 'dev' } } });
    expect(put.status).toBe(201);
    const headers = { 'x-tenant-id': 'tnt_acme_dev' };
    expect((await vault.request('GET', '/v1/secrets/frame/a', { token: carol, headers })).json.data).toEqual({
      of: 'dev',
    });
    expect((await vault.request('GET', below, { token: carol, headers })).json.data).toEqual({ of: 'dev' });
    expect((await vault.request('GET', '/v1/secrets/frame/a')).json.data).toEqual({ n: 1 });
    const rows = await auditRowsOf(vault, put, { token: carol, tenant: 'tnt_acme_dev' });
    expect(rows).toMatchObject([
      {
        tenant_id: 'tnt_acme_dev',
        identity_id: 'user:carol@acme.example',
        extra_data: { home_tenant_id: 'tnt_acme_prod' },
      },
    ]);
    const own = (await allAuditRows(vault)).filter((row) => row.request_id === rows[0]?.request_id);
    expect(own).toEqual([]);
  });

  it('looks at the whole input before it asks a policy, and leaves no row of it', async () => {
    const answers: Answer[] = [];
    const put = async (status: number, code: string, body: unknown, headers: Record<string, string> = {}) => {
      const answer = await vault.request('PUT', secret, { token: bob, body, headers });
      answers.push(answer);
      expectRefusal(answer, status, code);
    };
    await put(422, 'validation_error', { data: {} });
    await put(422, 'validation_error', { data: { k: 1 }, metadata: { tags: ['Bad Tag'] } });
    await put(413, 'payload_too_large', `{"data":${dataOfBytes(1_048_577)}}`);
    await put(400, 'invalid_duration', { data: { k: 1 }, options: { expires_in: '0s' } });
    await put(400, 'invalid_request', { data: { k: 1 } }, { 'if-match': 'v1' });
    const rule = { name: 'unsound', rules: [{ path_pattern: 'a//b', permissions: ['read'] }] };
    const policy = await vault.request('POST', '/v1/policies', { body: rule });
    expectRefusal(policy, 400, 'invalid_glob');
    await auditRowsOf(vault, succeeded(await vault.request('GET', secret)));
    await auditRowsOf(vault, succeeded(await vault.request('GET', '/v1/policies')));
    const ids = new Set((await allAuditRows(vault)).map(({ request_id }) => request_id));
    expect([...answers, policy].filter(({ headers }) => ids.has(headers.get('x-request-id') ?? ''))).toEqual([]);
  });

  it('works in the order of section 1.8', async () => {
    const broken = { body: '{', headers: { 'content-type': 'application/json' } };
    const narrow = await vault.mint({ sub: 'alice@acme.example', scope: 'secrets:list' });
    const put = (token: string | null, path = secret) => rawRequest(vault, { method: 'PUT', path, token, ...broken });
    expectRefusal(await put(null), 401, 'authentication_required');
    expectRefusal(await put(null, '/v1/secrets/A'), 401, 'authentication_required');
    expectRefusal(await put(narrow), 403, 'insufficient_scope');
    expectRefusal(await put(narrow, '/v1/secrets/A'), 403, 'insufficient_scope');
    expectRefusal(await put(narrow, '/v1/t/tnt_nowhere/secrets/a'), 403, 'tenant_access_denied');
    expectRefusal(await put(bob), 400, 'invalid_request');
    expectRefusal(await vault.request('GET', '/v1/secrets/A', { token: bob }), 400, 'invalid_path');
    const unknown = { body: { data: { n: 1 }, nope: 1 }, token: bob };
    expectRefusal(await vault.request('PUT', secret, unknown), 422, 'validation_error');
    const conflict = { body: { data: { n: 1 }, options: { expected_version: 9 } }, token: bob };
    expectRefusal(await vault.request('PUT', secret, conflict), 403, 'access_denied');
  });
});

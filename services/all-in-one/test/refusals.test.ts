import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { dataOfBytes, inputRefusals } from './input-refusals.ts';
import { equalSpellings, refusedSpellings } from './path-spellings.ts';
import { rawRequest } from './raw-request.ts';
import { controlScaiKey, mintHostile } from './scaikey-control.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const secret = '/v1/secrets/refuse/a';
const wholeDay = { start: '00:00', end: '00:00' };
/** A day of the week that is neither today nor a neighbour of it, in any time zone. */
const anotherDay = (): string =>
  ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? '';

describe.each(shapes)('refusals (%s)', (shape) => {
  let vault: Vault;
  let bob: string;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    bob = await vault.mint({ sub: 'bob@acme.example' });
    succeeded(await vault.request('PUT', secret, { body: { data: { n: 1 } } }));
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  describe('of tokens', () => {
    const refused = async (token: string | null, code: string) =>
      expectRefusal(await vault.request('GET', secret, { token }), 401, code);

    it('asks for one', async () => {
      await refused(null, 'authentication_required');
      for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer ', 'bob', 'Bearer a b']) {
        const answer = await vault.request('GET', secret, { token: null, headers: { authorization } });
        expectRefusal(answer, 401, 'authentication_required');
      }
    });
    it.each([
      ['that has expired', { defects: ['expired'] }, 'token_expired'],
      ['that is not valid yet', { defects: ['not_yet_valid'] }, 'token_invalid'],
      ['for another audience', { defects: ['wrong_aud'] }, 'token_invalid'],
      ['of another issuer', { defects: ['wrong_iss'] }, 'token_invalid'],
      ['signed by another key', { defects: ['wrong_key'] }, 'token_invalid'],
      ['signed by a key nobody knows', { defects: ['unknown_kid'] }, 'token_invalid'],
      ['with a broken signature', { defects: ['bad_signature'] }, 'token_invalid'],
      ['with no signature', { defects: ['alg_none'] }, 'token_invalid'],
      ['signed with the public key as HMAC secret', { defects: ['hmac'] }, 'token_invalid'],
      ['that has expired and is forged', { defects: ['expired', 'bad_signature'] }, 'token_invalid'],
      ['without an expiry', { claims: { exp: null } }, 'token_invalid'],
      ['of a tenant other than its issuer', { claims: { tenant_id: 'tnt_umbrella_prod' } }, 'token_invalid'],
    ])('refuses one %s', async (_, wish, code) => {
      await refused(await mintHostile(vault, { token: { sub: 'usr_alice' }, ...wish }), code);
    });
    it('refuses what is no token at all', async () => {
      for (const token of ['x', 'eyJ.eyJ.x', `eyJ${'a'.repeat(10_000)}`, 'a.b.c.d.e'])
        await refused(token, 'token_invalid');
    });
  });

  describe('of tenants', () => {
    const enter = async (sub: string, tenant: string) =>
      vault.request('GET', `/v1/t/${tenant}/secrets/refuse/a`, { token: await vault.mint({ sub }) });

    it('does not tell a tenant admin whether another tenant exists', async () => {
      for (const tenant of ['tnt_umbrella_prod', 'tnt_acme_dev', 'tnt_nowhere']) {
        expectRefusal(await enter('alice@acme.example', tenant), 403, 'tenant_access_denied');
        const headers = { 'x-tenant-id': tenant };
        expectRefusal(await vault.request('GET', secret, { headers }), 403, 'tenant_access_denied');
      }
      expectRefusal(await enter('dave@umbrella.example', 'tnt_acme_prod'), 403, 'tenant_access_denied');
    });
    it('keeps a partner admin inside the partner', async () => {
      expectRefusal(await enter('carol@acme.example', 'tnt_umbrella_prod'), 403, 'tenant_access_denied');
      expectRefusal(await enter('carol@acme.example', 'tnt_nowhere'), 404, 'tenant_not_found');
      expectRefusal(await enter('root@scailabs.example', 'tnt_nowhere'), 404, 'tenant_not_found');
      expectRefusal(await enter('root@scailabs.example', 'tnt_umbrella_prod'), 404, 'secret_not_found');
    });
    it('refuses contradictions, prefixes where none belongs, and tokens without a tenant', async () => {
      const headers = { 'x-tenant-id': 'tnt_acme_dev' };
      const path = '/v1/t/tnt_acme_prod/secrets/refuse/a';
      expectRefusal(await vault.request('GET', path, { headers }), 400, 'invalid_request');
      expectRefusal(await vault.request('GET', '/v1/t/tnt_acme_prod/auth/whoami'), 404, 'not_found');
      expectRefusal(await vault.request('GET', '/v1/t//secrets/refuse/a'), 404, 'not_found');
      const token = await mintHostile(vault, {
        token: { sub: 'root@scailabs.example' },
        claims: { tenant_id: null, iss: vault.scaiKeyUrl },
      });
      const none = await vault.request('GET', secret, { token });
      expect([none.status, none.json.error.code]).toBeOneOf([
        [400, 'invalid_request'],
        [401, 'token_invalid'],
      ]);
    });
    it('closes a suspended tenant and opens it again', async () => {
      const dave = await vault.mint({ sub: 'dave@umbrella.example' });
      const read = () => vault.request('GET', secret, { token: dave });
      const becomes = (status: number) =>
        until(`${status}`, async () => ((await read()).status === status ? true : undefined), 1_000);
      expectRefusal(await read(), 404, 'secret_not_found');
      await controlScaiKey(vault, 'PATCH', '/_dev/tenants/tnt_umbrella_prod', { status: 'SUSPENDED' });
      await becomes(403);
      expectRefusal(await read(), 403, 'forbidden', { reason: 'tenant_suspended' });
      await controlScaiKey(vault, 'PATCH', '/_dev/tenants/tnt_umbrella_prod', { status: 'ACTIVE' });
      await becomes(404);
    });
  });

  describe('of rights', () => {
    const asBob = (path: string, token = bob) => vault.request('GET', `/v1/secrets/${path}`, { token });

    it('wants the scope of the call in the token', async () => {
      const token = await vault.mint({ sub: 'alice@acme.example', scope: 'secrets:list' });
      const required = async (method: string, path: string, scope: string, body?: object) =>
        expectRefusal(
          await vault.request(method, path, { token, ...(body === undefined ? {} : { body }) }),
          403,
          'insufficient_scope',
          { required_scope: scope },
        );
      await required('GET', secret, 'secrets:read');
      await required('PUT', secret, 'secrets:write', { data: { n: 2 } });
      await required('DELETE', secret, 'secrets:delete');
      await required('POST', `${secret}:restore`, 'secrets:write');
      await required('GET', '/v1/policies', 'policies:read');
      await required('DELETE', '/v1/policies/pol_01J9ZC4A0B1C2D3E4F5G6H7J8K', 'policies:write');
      await required('GET', '/v1/audit/logs', 'audit:read');
      await required('GET', '/v1/identity/resolve/user/usr_bob', 'identity:read');
      expect((await vault.request('GET', '/v1/secrets', { token })).status).toBe(200);
    });
    it('refuses where no policy speaks, whether the secret exists or not', async () => {
      const [there, nowhere] = [await asBob('refuse/a'), await asBob('refuse/none')];
      expectRefusal(there, 403, 'access_denied', { path: 'refuse/a', permission: 'read' });
      expectRefusal(nowhere, 403, 'access_denied', { path: 'refuse/none', permission: 'read' });
      expect(Object.keys(there.json.error.details)).toEqual(Object.keys(nowhere.json.error.details));
      expect((await vault.request('GET', '/v1/secrets', { token: bob })).json.secrets).toEqual([]);
    });
    it('lets a denial go before an allowance that comes later', async () => {
      const allow = { path_pattern: 'refuse/**', permissions: ['read'] } as const;
      await grant(vault, 'user:bob@acme.example', [{ ...allow, effect: 'deny' }], { name: 'deny', priority: 1 });
      await grant(vault, 'user:bob@acme.example', [allow], { name: 'allow', priority: 2 });
      expectRefusal(await asBob('refuse/a'), 403, 'access_denied', { path: 'refuse/a' });
    });
    it.each([
      ['a second factor', 'mfa', { require_mfa: true, mfa_max_age: '5m' }, 'mfa_required', 'require_mfa'],
      ['an address', 'ip', { ip_ranges: ['203.0.113.0/24'] }, 'ip_not_allowed', 'ip_ranges'],
      [
        'a time',
        'time',
        { time_window: { days: [anotherDay()], ...wholeDay } },
        'time_window_violation',
        'time_window',
      ],
      ['a kind of caller', 'kind', { identity_types: ['service_account'] }, 'access_denied', 'identity_types'],
    ])('says which condition failed: %s', async (_, folder, conditions, code, failed) => {
      await grant(vault, 'user:bob@acme.example', [{ path_pattern: `${folder}/*`, permissions: ['read'], conditions }]);
      expectRefusal(await asBob(`${folder}/a`), 403, code, { failed_condition: failed, path: `${folder}/a` });
    });
    it('counts the age of a token and of its second factor', async () => {
      await grant(vault, 'user:bob@acme.example', [
        { path_pattern: 'age/*', permissions: ['read'], conditions: { token_max_age: '30m' } },
      ]);
      const iat = Math.floor(Date.now() / 1000) - 1860;
      const old = await mintHostile(vault, { token: { sub: 'usr_bob' }, claims: { iat } });
      expectRefusal(await asBob('age/a', old), 403, 'access_denied', { failed_condition: 'token_max_age' });
      expectRefusal(await asBob('age/a'), 404, 'secret_not_found');
      const stale = await vault.mint({ sub: 'usr_bob', amr: ['mfa'], auth_time: iat });
      expectRefusal(await asBob('mfa/a', stale), 403, 'mfa_required', { mfa_max_age: '5m' });
      const fresh = await vault.mint({ sub: 'usr_bob', amr: ['mfa'] });
      expectRefusal(await asBob('mfa/a', fresh), 404, 'secret_not_found');
    });
    it('never lets a narrowed token out of its paths', async () => {
      const token = await vault.mint({ sub: 'alice@acme.example', scv_paths: ['elsewhere/**'] });
      expectRefusal(await asBob('refuse/a', token), 403, 'access_denied', { failed_condition: 'allowed_paths' });
      expectRefusal(await asBob('elsewhere/a', token), 404, 'secret_not_found');
    });
  });

  describe('of paths', () => {
    it.each(refusedSpellings)('refuses the spelling "%.40s"', async (spelling, reason) => {
      const answer = await rawRequest(vault, { path: `/v1/secrets/${spelling}` });
      expectRefusal(answer, 400, 'invalid_path', { reason });
    });
    it.each(equalSpellings)('takes "%.40s" and "%.40s" for one path', async (written, read) => {
      const headers = { 'content-type': 'application/json' };
      const put = { method: 'PUT', path: `/v1/secrets/${written}`, headers, body: '{"data":{"n":1}}' };
      succeeded(await rawRequest(vault, put));
      expect((await rawRequest(vault, { path: `/v1/secrets/${read}` })).json).toMatchObject({ path: written });
    });
    it('judges and executes one spelling: an encoded slash opens nothing', async () => {
      await grant(vault, 'sa:ci', [{ path_pattern: 'one/*', permissions: ['read'] }]);
      const token = await vault.mint({ sub: 'sa:ci' });
      const answer = await rawRequest(vault, { path: '/v1/secrets/one/..%2frefuse%2fa', token });
      expectRefusal(answer, 400, 'invalid_path', { reason: 'grammar' });
      const two = await rawRequest(vault, { path: '/v1/secrets/one/a%2fb', token });
      expectRefusal(two, 403, 'access_denied', { path: 'one/a/b' });
    });
    it('knows no other addresses, before any token is looked at', async () => {
      for (const path of ['/v1/nothing', '/v2/secrets/a', '/secrets/a', '/v1', '/v1/', '/V1/secrets', '/v1//secrets/a'])
        expectRefusal(await rawRequest(vault, { path, token: null }), 404, 'not_found');
      const wrong = async (method: string, path: string, allow: string) => {
        const answer = await rawRequest(vault, { method, path, token: null });
        expectRefusal(answer, 405, 'method_not_allowed');
        expect(answer.headers.get('allow')).toBe(allow);
      };
      await wrong('POST', secret, 'DELETE, GET, PUT');
      await wrong('GET', `${secret}:restore`, 'POST');
      await wrong('DELETE', '/v1/auth/whoami', 'GET');
    });
  });

  describe('of inputs', () => {
    it.each(inputRefusals)('refuses $name', async ({ path = '', status, code, details, ...request }) => {
      expectRefusal(await rawRequest(vault, { path, ...request }), status, code, details);
    });
    it('takes a value of exactly 1 MiB and gives it back', async () => {
      const data = dataOfBytes(1_048_576);
      const body = `{"data":${data}}`;
      succeeded(await vault.request('PUT', '/v1/secrets/input/large', { body }));
      const read = await vault.request('GET', '/v1/secrets/input/large');
      expect(JSON.stringify(read.json.data)).toBe(data);
    });
    it.each([false, true])('stops reading a body behind 2 MiB (chunked: %s)', async (chunked) => {
      const headers = { 'content-type': 'application/json' };
      const body = `{"data":${dataOfBytes(2_097_152)}}`;
      const answer = await rawRequest(vault, { method: 'PUT', path: secret, headers, body, chunked });
      expectRefusal(answer, 413, 'payload_too_large', { limit_bytes: 2_097_152 });
    });
    it('answers in its own words what is too long or no HTTP at all', async () => {
      const head = async (bytes: number) => vault.request('GET', secret, { token: 'x'.repeat(bytes) });
      expectRefusal(await head(20_000), 401, 'token_invalid');
      expectRefusal(await head(40_000), 413, 'payload_too_large');
      const answer = await rawRequest(vault, {
        method: 'PUT',
        path: secret,
        headers: { 'transfer-encoding': 'chunked', 'content-length': '5' },
      });
      expectRefusal(answer, 400, 'invalid_request', { reason: 'malformed_http' });
    });
    it('refuses an address over 8 KiB', async () => {
      const answer = await rawRequest(vault, { path: `/v1/secrets?prefix=${'a'.repeat(8192)}` });
      expectRefusal(answer, 413, 'payload_too_large');
    });
    it('takes a cursor only as it was given, for the list it was given for', async () => {
      for (const name of ['x', 'y', 'z'])
        succeeded(await vault.request('PUT', `/v1/secrets/cur/${name}`, { body: { data: { n: 1 } } }));
      const { cursor } = (await vault.request('GET', '/v1/secrets?prefix=cur&limit=1')).json;
      const list = (query: string, token = vault.token) => vault.request('GET', `/v1/secrets?${query}`, { token });
      expect((await list(`prefix=cur&limit=1&cursor=${cursor}`)).json.secrets).toHaveLength(1);
      expectRefusal(await list(`limit=1&cursor=${cursor}`), 400, 'invalid_cursor');
      expectRefusal(await list(`prefix=cur&tag=t&cursor=${cursor}`), 400, 'invalid_cursor');
      const dave = await vault.mint({ sub: 'dave@umbrella.example' });
      expectRefusal(await list(`prefix=cur&cursor=${cursor}`, dave), 400, 'invalid_cursor');
      const other = cursor.endsWith('A') ? 'B' : 'A';
      for (const bad of [
        `${cursor}x`,
        `${cursor.slice(0, -2)}${other}${other}`,
        `x${cursor.slice(1)}`,
        cursor.slice(4),
      ])
        expectRefusal(await list(`prefix=cur&cursor=${bad}`), 400, 'invalid_cursor');
    });
  });

  it('takes no event of ScaiKey without a good signature', async () => {
    const send = async (wish: object) =>
      (await controlScaiKey(vault, 'POST', '/_dev/webhooks:send', { event_type: 'session.created', ...wish }))
        .deliveries;
    expect(await send({})).toMatchObject([{ status: 200 }]);
    for (const wish of [{ signature: 'bad' }, { signature: 'missing' }, { age_seconds: 400 }, { age_seconds: -400 }])
      expect(await send(wish)).toMatchObject([{ status: 401 }]);
    expect(await send({ header_event_id: 'evt_other' })).toMatchObject([{ status: 400 }]);
    const unsigned = await vault.request('POST', '/v1/identity/webhooks/scaikey', { token: null, body: {} });
    expectRefusal(unsigned, 401, 'signature_invalid');
  });
});

import { metadataNames } from '@scaivault/pipeline';
import type { Answer } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cast, canary, openCast, wordsOf } from './attack-cast.ts';
import { auditRowsOf } from './audit-rows.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { rawRequest } from './raw-request.ts';
import { mintHostile } from './scaikey-control.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const missing = { policy: 'pol_01J9ZC4A0B1C2D3E4F5G6H7J8K', secretPolicy: 'sp_01J9ZC4A0B1C2D3E4F5G6H7J8K' };

describe.each(shapes)('holes in paths, tenants and identifiers (%s)', (shape) => {
  let cast: Cast;
  let { bob, carol, dave, peer, root } = {} as Cast;
  let { put, get, post, bobMay, untouched, vault, sql } = {} as Cast;
  beforeAll(async () => {
    cast = await openCast(await borrowUnlimited(shape));
    ({ bob, carol, dave, peer, root, put, get, post, bobMay, untouched, vault, sql } = cast);
  });
  afterAll(() => cast?.[Symbol.asyncDispose]());

  describe('in paths', () => {
    it.each([
      'dots/in/../../out/x',
      'dots/in/..%2f..%2fout/x',
      'dots/in/%2e%2e/%2E%2E/out/x',
      'dots%2Fin%2F..%2F..%2Fout%2Fx',
      'dots/in/./../../out/x',
      'dots/in/..;/..;/out/x',
      'dots/in/..%5c..%5cout/x',
      'dots/in/%252e%252e/%252e%252e/out/x',
      'dots/in/%c0%ae%c0%ae/out/x',
      '../secrets/out/x',
    ])('dot segments with a glob grant: %s', async (spelling) => {
      await bobMay('dots/in/**', 'admin');
      await put('out/x');
      await untouched(async () => {
        for (const [method, verb] of [
          ['GET', ''],
          ['DELETE', ''],
          ['GET', ':metadata'],
          ['GET', ':versions'],
        ] as const)
          expectRefusal(
            await rawRequest(vault, { method, path: `/v1/secrets/${spelling}${verb}`, token: bob }),
            400,
            'invalid_path',
          );
        const { errors, secrets } = succeeded(await post('secrets/batch', bob, { paths: [spelling] })).json;
        expect([secrets, errors[spelling].code]).toEqual([{}, 'invalid_path']);
      });
    });
    it('authorised under one spelling and executed under another', async () => {
      await bobMay('one/*', 'read', 'write', 'list');
      await put('one/a', 'open');
      await put('one/b/c');
      const read = (path: string) => rawRequest(vault, { path: `/v1/secrets/${path}`, token: bob });
      for (const spelling of ['one%2fa', '%6fne/%61']) {
        const answer = succeeded(await read(spelling));
        expect(answer.json).toMatchObject({ path: 'one/a', data: { value: 'open' } });
        expect(await auditRowsOf(vault, answer)).toMatchObject([{ secret_path: 'one/a' }]);
      }
      expectRefusal(await read('one/b%2fc'), 403, 'access_denied', { path: 'one/b/c' });
      for (const spelling of [
        'one/A',
        'ONE/a',
        'one/a%00',
        'one/a%20',
        'one//a',
        'one/a/',
        'one/a%3Ametadata',
        'one/a%0d',
      ])
        expectRefusal(await read(spelling), 400, 'invalid_path');
      const headers = { 'content-type': 'application/json' };
      const write = { method: 'PUT', path: '/v1/secrets/one%2Fnew', token: bob, headers, body: '{"data":{"n":1}}' };
      expect(succeeded(await rawRequest(vault, write)).json.path).toBe('one/new');
      const rows = await sql`select path from secrets.secret where path like '%new%' or position('%' in path) > 0`;
      expect(rows.map(({ path }) => path)).toEqual(['one/new']);
      expectRefusal(await read('partner%2fone%2fa'), 400, 'invalid_path', { reason: 'reserved_prefix' });
    });
    it.each([
      '/v1/Secrets/own',
      '/V1/secrets/own',
      '/v1/%73ecrets/own',
      '//v1/secrets/own',
      '/v1;/secrets/own',
      '/api/v1/secrets/own',
      '/v1/secretsx/own',
      '/v1/secret/own',
      '/v1/health/secrets/own',
      '/v1/health/../secrets/own',
      '/v1/version/../secrets/own',
      '/v1/openapi.json/../secrets/own',
      '/v1/identity/webhooks/scaikey/../../../secrets/own',
      '/v1/identity/webhooks/scaikey/x',
      '/v1/secrets/own:METADATA',
      '/v1/T/tnt_acme_prod/secrets/own',
      '/v1/t/tnt_acme_prod/t/tnt_acme_prod/secrets/own',
      '/v1/Partner/secrets/own',
      '/v1/secret-policies:PREVIEW',
      'http://vault.internal/v1/secrets/own',
    ])('a route matched by substring or case: %s', async (path) => {
      for (const token of [null, vault.token]) {
        const { status, text } = await rawRequest(vault, { path, token });
        expect(status, text).toBeOneOf(token === null ? [400, 401, 404, 405] : [400, 404, 405]);
      }
    });
    it('a method by another name', async () => {
      await untouched(async () => {
        for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'POST'])
          expect((await rawRequest(vault, { method, path: '/v1/secrets/own' })).status, method).toBeOneOf([400, 405]);
        for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
          expect((await get('secrets/own?version=1', vault.token, { [name]: 'DELETE' })).status).toBe(200);
        expectRefusal(await get('secrets/own?_method=DELETE', vault.token), 400, 'invalid_request');
        const original = { 'x-original-url': '/v1/health', 'x-rewrite-url': '/v1/health' };
        const answer = await rawRequest(vault, { path: '/v1/secrets/own', token: null, headers: original });
        expectRefusal(answer, 401, 'authentication_required');
      });
    });
    it('forwarded addresses and inner headers in a request from outside', async () => {
      const conditions = { ip_ranges: ['203.0.113.0/24'] };
      await grant(vault, 'user:bob@acme.example', [{ path_pattern: 'ip/*', permissions: ['read'], conditions }]);
      const forwarded = ['x-forwarded-for', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip'];
      for (const name of [...forwarded, 'x-forwarded', metadataNames.sourceIp])
        expectRefusal(await get('secrets/ip/a', bob, { [name]: '203.0.113.7' }), 403, 'ip_not_allowed');
      expectRefusal(await get('secrets/ip/a', bob, { forwarded: 'for=203.0.113.7' }), 403, 'ip_not_allowed');

      const plain = wordsOf(await get('auth/whoami', bob));
      const inner: Record<string, string> = {
        [metadataNames.objectScope]: 'partner',
        [metadataNames.tenantPrefix]: 'tnt_umbrella_prod',
        [metadataNames.inputRefusal]: '{"code":"internal_error"}',
        [metadataNames.requestId]: 'req_00000000000000000000000000',
        [metadataNames.clientRequestId]: 'client',
        [metadataNames.userAgent]: 'somebody else',
      };
      const smuggled = await get('auth/whoami', bob, inner);
      expect(wordsOf(smuggled)).toBe(plain);
      expect(smuggled.headers.get('x-request-id')).not.toBe(inner[metadataNames.requestId]);
      await put('inner', 'of the tenant');
      const body = { data: { value: canary } };
      succeeded(await vault.request('PUT', '/v1/partner/secrets/inner', { token: carol, body }));
      expect((await get('secrets/inner', carol, inner)).json.data).toEqual({ value: 'of the tenant' });
    });
  });

  describe('in tenants and partners', () => {
    const odd = ['root', '*', '**', 't:tnt_acme_prod', 'p:ptn_acme', 'tnt_acme_prod/', 'x/../tnt_acme_prod', '%', '_'];
    const odder = ['TNT_ACME_PROD', ' tnt_acme_prod', 'tnt_acme_prod ', 'tnt_acme_prod%00', "'", 'tnt_acme_pro_', ''];

    it.each([...odd, ...odder])('a tenant id such as "%s" in a claim, header or prefix', async (tenant) => {
      await untouched(async () => {
        for (const claims of [
          { tenant_id: tenant },
          { tenant_id: tenant, iss: `${vault.scaiKeyUrl}/tenants/${tenant}` },
        ]) {
          const token = await mintHostile(vault, { token: { sub: 'usr_alice' }, claims });
          for (const path of ['secrets/own', 'secrets', 'auth/whoami', 'policies'])
            expect((await get(path, token)).status).toBeOneOf([401, 403, 404]);
          const written = await vault.request('PUT', '/v1/secrets/own', { token, body: { data: { n: 1 } } });
          expect(written.status).toBeOneOf([401, 403, 404]);
        }
        for (const token of [vault.token, carol, root]) {
          if (tenant !== '' && tenant.trim() === tenant)
            expect((await get('secrets/own', token, { 'x-tenant-id': tenant })).status).toBeOneOf([400, 403, 404]);
          const below = await rawRequest(vault, { path: `/v1/t/${encodeURIComponent(tenant)}/secrets/own`, token });
          expect(below.status).toBeOneOf([400, 403, 404]);
        }
      });
    });
    it('partner secrets by another partner', async () => {
      const path = 'partner/secrets/shared/key';
      succeeded(await vault.request('PUT', `/v1/${path}`, { token: carol, body: { data: { value: canary } } }));
      const of = { 'x-partner-id': 'ptn_acme' };
      expect(succeeded(await get(path, root, of)).text).toContain(canary);
      for (const token of [dave, peer]) {
        const absent = await get('partner/secrets/shared/no', token);
        const foreign = await get(path, token);
        expectRefusal(foreign, 404, 'secret_not_found');
        expect(wordsOf(foreign, 'shared/key')).toBe(wordsOf(absent, 'shared/no'));
        for (const list of ['partner/secrets', 'secrets?include_partner=true', 'partner/secrets:expiring'])
          expect((await get(list, token)).text).not.toContain('shared/key');
        const { secrets } = succeeded(await post('partner/secrets/batch', token, { paths: ['shared/key'] })).json;
        expect(secrets).toEqual({});
      }
      // What the other partner writes at the path is another secret.
      succeeded(await vault.request('PUT', `/v1/${path}`, { token: peer, body: { data: { value: 'theirs' } } }));
      expect((await get(path, vault.token)).json).toMatchObject({ version: 1, data: { value: canary } });
      succeeded(await vault.request('DELETE', `/v1/${path}?permanent=true`, { token: peer }));
      expect((await get(path, vault.token)).status).toBe(200);
    });
    it('X-Partner-ID by everybody but a super_admin', async () => {
      await untouched(async () => {
        for (const token of [bob, dave, peer, carol, vault.token]) {
          const foreign = [dave, peer].includes(token) ? 'ptn_acme' : 'ptn_umbrella';
          for (const path of [
            'partner/secrets/shared/key',
            'partner/secrets',
            'partner/secrets/none:metadata',
            'policies?scope=partner',
            `policies/${missing.policy}`,
            `policies/${missing.policy}/bindings`,
          ]) {
            const there = await get(path, token, { 'x-partner-id': foreign });
            expectRefusal(there, 403, 'forbidden', { reason: 'foreign_partner' });
            for (const nobody of ['ptn_absent', '*', 'p:ptn_acme', `${foreign}/`])
              expect(wordsOf(await get(path, token, { 'x-partner-id': nobody }))).toBe(wordsOf(there));
          }
          const body = { data: { n: 1 } };
          const headers = { 'x-partner-id': foreign };
          const written = await vault.request('PUT', '/v1/partner/secrets/shared/key', { token, body, headers });
          expectRefusal(written, 403, 'forbidden');
          const rail = { name: 'rail', scope: 'partner', rules: [{ path_pattern: '**', permissions: ['admin'] }] };
          expectRefusal(await post('policies', token, rail, headers), 403, 'forbidden', { reason: 'foreign_partner' });
        }
      });
    });
    it("an identifier of another tenant's binding, policy, secret policy", async () => {
      const fields = [{ name: 'value', generator: 'static', config: { value: canary } }];
      const theirs = succeeded(await post('secret-policies', vault.token, { name: 'theirs', fields })).json.id;
      const { policyId, bindingId } = await grant(vault, 'group:sre', [{ path_pattern: 'a', permissions: ['read'] }]);
      const rules = [{ path_pattern: 'a', permissions: ['read'] }];
      const own = succeeded(await post('policies', dave, { name: 'mine', rules })).json.id;
      const partner = succeeded(await post('policies', carol, { name: 'guard', scope: 'partner', rules })).json.id;
      const paired = async (ask: (id: string) => Promise<Answer>, id: string, nobody: string, code: string) => {
        const answer = await ask(id);
        expectRefusal(answer, 404, code);
        expect(wordsOf(answer, id)).toBe(wordsOf(await ask(nobody), nobody));
      };
      const as = (method: string, path: string, body?: object) =>
        vault.request(method, `/v1/${path}`, { token: dave, ...(body === undefined ? {} : { body }) });
      await untouched(async () => {
        const absentBinding = 'bnd_01J9ZC4A0B1C2D3E4F5G6H7J8K';
        const { secretPolicy, policy } = missing;
        const unbind = (id: string) => as('DELETE', `policies/${own}/bindings/${id}`);
        await paired(unbind, bindingId, absentBinding, 'binding_not_found');
        const none = 'secret_policy_not_found';
        const generate = (id: string) => as('PUT', 'secrets/own', { options: { generate_from: id } });
        const attach = (id: string) => as('PATCH', 'secrets/own:metadata', { options: { secret_policy_id: id } });
        const rotate = (id: string) => as('POST', 'secrets/own:rotate', { secret_policy_id: id });
        const preview = (id: string) => as('POST', `secret-policies/${id}:preview`, {});
        for (const ask of [generate, attach, rotate, preview]) await paired(ask, theirs, secretPolicy, none);
        for (const id of [policyId, partner]) {
          await paired((it) => as('GET', `policies/${it}`), id, policy, 'policy_not_found');
          await paired((it) => as('PATCH', `policies/${it}`, { name: 'x' }), id, policy, 'policy_not_found');
          await paired((it) => as('DELETE', `policies/${it}?force=true`), id, policy, 'policy_not_found');
        }
        expectRefusal(await vault.request('DELETE', `/v1/policies/${partner}`), 403, 'forbidden');
      });
    });
    it('a policy cache crossing tenants', async () => {
      // Nobody that the mirror knows, so that a binding is told from its namesake by the tenant alone.
      const read = [{ path_pattern: 'own', permissions: ['read'] }];
      await grant(vault, 'sa:traveller', read);
      await grant(vault, 'group:travellers', read);
      const travellersOf = async (tenant: string) => [
        await vault.mint({ sub: 'sa:traveller', tenant_id: tenant }),
        await vault.mint({ sub: 'eve@acme.example', groups: ['travellers'], tenant_id: tenant }),
      ];
      const tokens = [...(await travellersOf('tnt_acme_prod')), ...(await travellersOf('tnt_umbrella_prod'))];
      const round = () => Promise.all(tokens.map(async (token) => (await get('secrets/own', token)).status));
      const seen = await Promise.all(Array.from({ length: 20 }, round));
      expect(new Set(seen.map(String))).toEqual(new Set(['200,200,403,403']));
    });
  });
});

import type { Answer } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cast, canary, openCast, wordsOf } from './attack-cast.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

describe.each(shapes)('holes in policies, lists and tokens (%s)', (shape) => {
  let cast: Cast;
  let { bob, carol, dave, peer, root, put, get, post, bobMay, untouched, vault, sql } = {} as Cast;
  beforeAll(async () => {
    cast = await openCast(await borrowUnlimited(shape));
    ({ bob, carol, dave, peer, root, put, get, post, bobMay, untouched, vault, sql } = cast);
  });
  afterAll(() => cast?.[Symbol.asyncDispose]());

  describe('in policies', () => {
    it.each([
      ['is unknown', { moon_phase: ['full'] }],
      ['is known and one beside it is not', { identity_types: ['service_account'], moon_phase: 'full' }],
      ['has the wrong type', { ip_ranges: '10.0.0.0/8' }],
      ['is no network', { ip_ranges: ['10.0.0.0/99'] }],
      ['names no time zone', { time_window: { start: '09:00', end: '10:00', timezone: 'Mars/Olympus' } }],
      ['is no duration', { token_max_age: 'P1D' }],
      ['is no object', 'always'],
    ])('a deny rule whose condition %s', async (what, conditions) => {
      const folder = `cond/${what.replaceAll(/[^a-z]/g, '-')}`;
      await put(`${folder}/denied`);
      await put(`${folder}/allowed`);
      await put(`${folder}/open`, 'open');
      await bobMay(`${folder}/denied`, 'read');
      await bobMay(`${folder}/open`, 'read');
      const one = { permissions: ['read'], conditions: {} };
      const stored = await grant(vault, 'user:bob@acme.example', [{ path_pattern: 'x', permissions: ['read'] }], {
        priority: 1,
      });
      const rules = [
        { ...one, path_pattern: `${folder}/denied`, effect: 'deny', conditions },
        { ...one, path_pattern: `${folder}/allowed`, effect: 'allow', conditions },
      ];
      await sql`update policy.policy set rules = ${JSON.stringify(rules)}, rule_count = 2 where id = ${stored.policyId}`;
      // Any change of a policy makes every process read the rules again.
      succeeded(await vault.request('PATCH', `/v1/policies/${stored.policyId}`, { body: { description: what } }));
      expect((await get(`secrets/${folder}/open`, bob)).status).toBe(200);
      for (const path of ['denied', 'allowed'])
        expectRefusal(await get(`secrets/${folder}/${path}`, bob), 403, 'access_denied');
    });
  });

  describe('in batches and lists', () => {
    it('batch calls mixing allowed and denied paths', async () => {
      await bobMay('mix/ok', 'read', 'list');
      await put('mix/ok', 'open');
      await put('mix/there');
      const paths = ['mix/ok', 'mix/there', 'mix/none'];
      for (const call of ['batch', 'batch/metadata']) {
        const answer = succeeded(await post(`secrets/${call}`, bob, { paths }));
        const { secrets, errors, summary } = answer.json;
        expect([Object.keys(secrets), summary]).toEqual([['mix/ok'], { requested: 3, succeeded: 1, failed: 2 }]);
        expect(errors['mix/there'].code).toBe('access_denied');
        expect(JSON.stringify(errors['mix/there']).replaceAll('mix/there', '')).toBe(
          JSON.stringify(errors['mix/none']).replaceAll('mix/none', ''),
        );
        expect(answer.text).not.toContain(canary);
        const later = succeeded(await post(`secrets/${call}`, bob, { paths: paths.toReversed() })).json;
        expect(later.errors).toEqual(errors);
      }
      for (const options of [
        { fail_fast: true },
        { fail_fast: true, version: 7 },
        { fail_fast: true, include_metadata: true },
      ]) {
        const failed = async (path: string) =>
          wordsOf(await post('secrets/batch', bob, { paths: [path, 'mix/ok'], options }), path);
        expect(await failed('mix/there')).toBe(await failed('mix/none'));
      }
    });
    it('lists, expiring and wildcards show what may not be listed', async () => {
      for (const path of ['vis/a/no', 'vis/a/yes', 'vis/b/no', 'vis/c/read-only', 'vis/gone'])
        await put(path, canary, vault.token, { expires_in: '5d' });
      const shared = { token: carol, body: { data: { n: 1 }, options: { expires_in: '5d' } } };
      succeeded(await vault.request('PUT', '/v1/partner/secrets/vis/no', shared));
      succeeded(await vault.request('DELETE', '/v1/secrets/vis/gone'));
      await grant(vault, 'user:bob@acme.example', [
        { path_pattern: 'vis/a/no', permissions: ['list'], effect: 'deny' },
        { path_pattern: 'vis/a/*', permissions: ['list'] },
        { path_pattern: 'vis/gone', permissions: ['list'] },
        { path_pattern: 'vis/c/*', permissions: ['read', 'write', 'delete', 'rotate'] },
      ]);
      const seen = new Set<string>();
      const note = ({ text, json }: Answer) => {
        // With their slashes, which no base64url text has: two letters alone come up in cursors by chance.
        expect(text).not.toContain('/no"');
        // Position and text of a cursor tell nothing either.
        expect(Buffer.from(json.cursor ?? '', 'base64url').toString()).not.toMatch(/vis\/|\/no/);
        for (const { path } of json.secrets) seen.add(path);
      };
      const query = 'prefix=vis&include_partner=true&include_deleted=true';
      for (const list of [
        `secrets?${query}`,
        'secrets:expiring?prefix=vis',
        'partner/secrets?prefix=vis',
        'secrets?secret_type=kv',
      ])
        for (const limit of [1, 100]) {
          let cursor = '';
          do {
            const page = succeeded(await get(`${list}${list.includes('?') ? '&' : '?'}limit=${limit}${cursor}`, bob));
            note(page);
            cursor = page.json.has_more ? `&cursor=${page.json.cursor}` : '';
          } while (cursor !== '');
        }
      expect([...seen].filter((path) => path.startsWith('vis/'))).toEqual(['vis/a/yes']);
      const globs = { paths: ['vis/**', '**', 'vis/?/*', 'vis/a/no'], expand_wildcards: true };
      const { secrets, errors } = succeeded(await post('secrets/batch/metadata', bob, globs)).json;
      expect(Object.keys(secrets).filter((path) => path.startsWith('vis/'))).toEqual(['vis/a/yes']);
      expect(errors).toEqual({});
      expect(succeeded(await post('partner/secrets/batch/metadata', bob, globs)).json.secrets).toEqual({});
    });
    it('a cursor of another tenant, list or filter', async () => {
      const rules = [{ path_pattern: 'a', permissions: ['read'] }];
      const fields = [{ name: 'a', generator: 'hex', config: {} }];
      const { policyId } = await grant(vault, 'sa:one', rules);
      succeeded(
        await post(`policies/${policyId}/bindings`, vault.token, {
          identity_type: 'service_account',
          identity_id: 'sa:two',
        }),
      );
      for (const n of [1, 2, 3]) {
        succeeded(await post('secret-policies', vault.token, { name: `cursor ${n}`, fields }));
        for (const token of [vault.token, dave]) await put('cursor/a', `${n}`, token, { expires_in: `${n}d` });
        await put(`cursor/${n}`, 'x', vault.token, { expires_in: '3d' });
      }
      const lists = [
        'secrets',
        'secrets:expiring',
        'secrets/cursor/a:versions',
        'policies',
        `policies/${policyId}/bindings`,
        'secret-policies',
        'audit/logs',
      ];
      const cursors = await Promise.all(
        lists.map(async (list) => succeeded(await get(`${list}?limit=1`, vault.token)).json.cursor as string),
      );
      const own = await Promise.all(lists.map((list, i) => get(`${list}?limit=1&cursor=${cursors[i]}`, vault.token)));
      expect(own.map(({ status }) => status)).toEqual(lists.map(() => 200));
      for (const [i, list] of lists.entries())
        for (const [j, cursor] of cursors.entries()) {
          if (i !== j) expectRefusal(await get(`${list}?cursor=${cursor}`, vault.token), 400, 'invalid_cursor');
          if (list !== lists[4]) expectRefusal(await get(`${list}?cursor=${cursor}`, dave), 400, 'invalid_cursor');
        }
      const other = (filter: string, of: string) =>
        get(`${of}?${filter}&cursor=${cursors[lists.indexOf(of)]}`, vault.token);
      for (const [filter, of] of [
        ['prefix=cursor', 'secrets'],
        ['include_partner=true', 'secrets'],
        ['within=20d', 'secrets:expiring'],
        ['include_inactive=true', 'policies'],
        ['policy_type=custom', 'secret-policies'],
        ['success=true', 'audit/logs'],
      ] as const)
        expectRefusal(await other(filter, of), 400, 'invalid_cursor');
    });
  });

  describe('in what a token or a key carries along', () => {
    it('an Idempotency-Key of another identity or tenant', async () => {
      await bobMay('idem/**', 'write', 'read');
      const headers = { 'idempotency-key': 'shared-key' };
      const body = { data: { value: 'same' } };
      const write = (token: string) => vault.request('PUT', '/v1/secrets/idem/a', { token, body, headers });
      const first = await write(vault.token);
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
      for (const [token, status, version] of [
        [bob, 200, 2],
        [carol, 200, 3],
        [dave, 201, 1],
      ] as const) {
        const answer = await write(token);
        expect([answer.status, answer.headers.get('idempotency-replayed'), answer.json.version]).toEqual([
          status,
          null,
          version,
        ]);
      }
      // Nor does the same identity meet it again in another tenant.
      const elsewhere = { ...headers, 'x-tenant-id': 'tnt_acme_dev' };
      const inDev = await vault.request('PUT', '/v1/secrets/idem/a', { token: carol, body, headers: elsewhere });
      expect([inDev.status, inDev.headers.get('idempotency-replayed')]).toEqual([201, null]);
      const again = await write(await vault.mint({ sub: 'alice@acme.example' }));
      expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
      // A replay is asked for anew: a token that could not write is not shown the answer of one that could.
      const narrow = await vault.mint({ sub: 'alice@acme.example', scv_paths: ['elsewhere/**'] });
      expectRefusal(await write(narrow), 403, 'access_denied');
      expectRefusal(
        await write(await vault.mint({ sub: 'alice@acme.example', scope: 'secrets:read' })),
        403,
        'insufficient_scope',
      );
    });
    it('role escalation by a user administrator', async () => {
      const rolesOf = (user: string) => `/v1/identity/users/${user}/roles`;
      const give = (token: string, user: string, roles: readonly string[], headers: Record<string, string> = {}) =>
        vault.request('PUT', rolesOf(user), { token, body: { roles }, headers });
      await put('escalation');
      await untouched(async () => {
        for (const token of [bob, vault.token])
          for (const user of ['usr_bob', 'usr_alice', 'usr_carol'])
            for (const role of ['tenant_admin', 'partner_admin', 'super_admin'])
              expectRefusal(await give(token, user, [role]), 403, 'forbidden');
        expectRefusal(await give(vault.token, 'usr_carol', []), 403, 'forbidden');
        expectRefusal(await give(carol, 'usr_carol', ['super_admin']), 403, 'forbidden');
        expectRefusal(await give(carol, 'usr_bob', ['super_admin']), 403, 'forbidden');
        expectRefusal(await give(carol, 'usr_bob', ['tenant_admin', 'super_admin']), 403, 'forbidden');
        for (const role of ['Super_Admin', 'super_admin ', 'admin', 'builtin:tenant_admin', '*'])
          expectRefusal(await give(carol, 'usr_bob', [role]), 400, 'invalid_role');
        for (const user of ['usr_dave', 'usr_root', 'usr_absent'])
          expectRefusal(await give(carol, user, ['tenant_admin']), 404, 'identity_not_found');
        const there = { 'x-tenant-id': 'tnt_umbrella_prod' };
        expectRefusal(await give(carol, 'usr_dave', ['tenant_admin'], there), 403, 'tenant_access_denied');
        for (const token of [dave, peer]) {
          const [foreign, nobody] = [await give(token, 'usr_bob', []), await give(token, 'usr_absent', [])];
          expect(foreign.status).toBeOneOf([403, 404]);
          expect(wordsOf(foreign, 'usr_bob')).toBe(wordsOf(nobody, 'usr_absent'));
        }
        const last = await give(root, 'usr_root', []);
        expectRefusal(last, 403, 'forbidden', { reason: 'last_super_admin' });
      });
      expectRefusal(await get('secrets/escalation', bob), 403, 'access_denied');
      succeeded(await give(carol, 'usr_bob', ['tenant_admin']));
      expect((await get('secrets/escalation', bob)).status).toBe(200);
      expectRefusal(await give(bob, 'usr_bob', ['partner_admin']), 403, 'forbidden');
      succeeded(await give(carol, 'usr_bob', []));
      expectRefusal(await get('secrets/escalation', bob), 403, 'access_denied');
    });
    it('a recycled e-mail address', async () => {
      await bobMay('recycled', 'read');
      await put('recycled');
      expect((await get('secrets/recycled', bob)).status).toBe(200);
      const likeBob = { email: 'bob@acme.example', tenant_id: 'tnt_acme_prod' };
      for (const wish of [
        { ...likeBob, sub: 'usr_bob_2' },
        { ...likeBob, sub: 'usr_bob_2', groups: ['sre'] },
        { ...likeBob, sub: 'bob', client: true },
        { sub: 'user:bob@acme.example', client: true, tenant_id: 'tnt_acme_prod' },
      ])
        expectRefusal(await get('secrets/recycled', await vault.mint(wish)), 403, 'access_denied');
    });
    it('scv_paths of a narrowed token in batches, lists and partner paths', async () => {
      for (const path of ['nar/in', 'out/x'])
        await put(path, path === 'nar/in' ? 'open' : canary, vault.token, { expires_in: '4d' });
      succeeded(
        await vault.request('PUT', '/v1/partner/secrets/nar/in', { token: carol, body: { data: { value: canary } } }),
      );
      for (const [sub, scv_paths, visible, partner] of [
        ['alice@acme.example', ['nar/**'], ['nar/in'], 403],
        ['carol@acme.example', ['nar/**'], ['nar/in'], 403],
        ['alice@acme.example', ['partner/nar/*'], [], 200],
        ['alice@acme.example', [], [], 403],
      ] as const) {
        const token = await vault.mint({ sub, scv_paths });
        const batch = succeeded(await post('secrets/batch', token, { paths: ['nar/in', 'out/x'] })).json;
        expect([Object.keys(batch.secrets), batch.errors['out/x'].code]).toEqual([visible, 'access_denied']);
        const globs = { paths: ['**'], expand_wildcards: true };
        expect(Object.keys(succeeded(await post('secrets/batch/metadata', token, globs)).json.secrets)).toEqual(
          visible,
        );
        for (const list of ['secrets', 'secrets:expiring'])
          expect(succeeded(await get(list, token)).json.secrets.map(({ path }: { path: string }) => path)).toEqual(
            visible,
          );
        expect((await get('partner/secrets/nar/in', token)).status).toBe(partner);
        const shared = succeeded(await post('partner/secrets/batch', token, { paths: ['nar/in'] })).json;
        expect(Object.keys(shared.secrets)).toHaveLength(partner === 200 ? 1 : 0);
        const all = succeeded(await get('secrets?include_partner=true', token)).json.secrets;
        expect(all).toHaveLength(visible.length + (partner === 200 ? 1 : 0));
        await untouched(async () => {
          const body = { data: { n: 1 } };
          for (const path of ['secrets/out/x', 'partner/secrets/out/x'])
            expect((await vault.request('PUT', `/v1/${path}`, { token, body })).status).toBe(403);
          expectRefusal(await vault.request('DELETE', '/v1/secrets/out/x', { token }), 403, 'access_denied');
        });
      }
    });
  });
});

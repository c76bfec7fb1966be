import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const home = 't:tnt_acme_prod';
const foreign = 't:tnt_umbrella_prod';
const plaintext = 'plaintext-that-must-not-show';

describe.each(shapes)('isolation (%s)', (shape) => {
  let vault: Vault;
  let dave: string;
  let sql: Awaited<ReturnType<Vault['openDatabase']>>;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    dave = await vault.mint({ sub: 'dave@umbrella.example' });
    sql = await vault.openDatabase();
    // Both tenants have keys and rows of their own.
    for (const token of [vault.token, dave])
      succeeded(await vault.request('PUT', '/v1/secrets/iso/own', { token, body: { data: { n: 1 } } }));
  });
  afterAll(async () => {
    await sql?.end();
    await vault?.[Symbol.asyncDispose]();
  });

  const put = async (path: string, value: string, token = vault.token) =>
    succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { token, body: { data: { value } } }));

  it('keeps equal paths of two tenants apart', async () => {
    await put('iso/same', 'of acme');
    expectRefusal(await vault.request('GET', '/v1/secrets/iso/same', { token: dave }), 404, 'secret_not_found');
    await put('iso/same', 'of umbrella', dave);
    await put('iso/same', 'of umbrella, again', dave);
    expect((await vault.request('GET', '/v1/secrets/iso/same')).json).toMatchObject({
      version: 1,
      data: { value: 'of acme' },
    });
    succeeded(await vault.request('DELETE', '/v1/secrets/iso/same?permanent=true', { token: dave }));
    expect((await vault.request('GET', '/v1/secrets/iso/same')).status).toBe(200);
    const listed = await vault.request('GET', '/v1/secrets?prefix=iso', { token: dave });
    expect(listed.json.secrets.map(({ path }: { path: string }) => path)).toEqual(['iso/own']);
  });

  it("does not know another tenant's policies, bindings, rows and people", async () => {
    const { policyId, bindingId } = await grant(vault, 'group:sre', [{ path_pattern: 'a/*', permissions: ['read'] }]);
    const policy = `/v1/policies/${policyId}`;
    const body = { identity_type: 'user', identity_id: 'user:dave@umbrella.example' };
    const asDave = (method: string, path: string, sent?: object) =>
      vault.request(method, path, { token: dave, ...(sent === undefined ? {} : { body: sent }) });
    expectRefusal(await asDave('GET', policy), 404, 'policy_not_found');
    expectRefusal(await asDave('PATCH', policy, { is_active: false }), 404, 'policy_not_found');
    expectRefusal(await asDave('DELETE', `${policy}?force=true`), 404, 'policy_not_found');
    expectRefusal(await asDave('GET', `${policy}/bindings`), 404, 'policy_not_found');
    expectRefusal(await asDave('POST', `${policy}/bindings`, body), 404, 'policy_not_found');
    expectRefusal(await asDave('DELETE', `${policy}/bindings/${bindingId}`), 404, 'policy_not_found');
    expect((await asDave('GET', '/v1/policies')).json.policies).toEqual([]);
    expectRefusal(await asDave('GET', '/v1/identity/resolve/user/usr_bob'), 404, 'identity_not_found');
    expectRefusal(await asDave('GET', '/v1/identity/resolve/group/group:sre'), 404, 'identity_not_found');
    const other = await grant(vault, 'group:sre', [{ path_pattern: 'b/*', permissions: ['read'] }]);
    const crossed = await vault.request('DELETE', `${policy}/bindings/${other.bindingId}`);
    expectRefusal(crossed, 404, 'binding_not_found');
    const rows = succeeded(await asDave('GET', '/v1/audit/logs?limit=1000')).json.logs;
    expect(new Set(rows.map((row: { tenant_id: string }) => row.tenant_id))).toEqual(new Set(['tnt_umbrella_prod']));
  });

  describe('of a row that was moved or changed in the database', () => {
    const copySecret = (fromScope: string, fromPath: string, toScope: string, toPath: string) => sql`
      insert into secrets.secret
      select (jsonb_populate_record(s, ${sql.json({ scope_id: toScope, path: toPath })})).*
      from secrets.secret s where scope_id = ${fromScope} and path = ${fromPath}`;
    const copyVersions = (fromScope: string, fromPath: string, toScope: string, toPath: string) => sql`
      insert into secrets.version
      select (jsonb_populate_record(v, ${sql.json({ scope_id: toScope, path: toPath })})).*
      from secrets.version v where scope_id = ${fromScope} and path = ${fromPath}`;
    const refuses = async (path: string, token = vault.token) => {
      const before = vault.output().length;
      const answer = await vault.request('GET', `/v1/secrets/${path}`, { token });
      expectRefusal(answer, 500, 'internal_error');
      expect(answer.text).not.toContain(plaintext);
      const alarm = () => vault.output().slice(before);
      await until('the alarm', async () => (alarm().includes('integrity') ? true : undefined), 2_000);
      expect(alarm()).not.toContain(plaintext);
    };

    it('refuses it in another tenant', async () => {
      await put('iso/tenant', plaintext);
      await copySecret(home, 'iso/tenant', foreign, 'iso/tenant');
      await copyVersions(home, 'iso/tenant', foreign, 'iso/tenant');
      await refuses('iso/tenant', dave);
      expect((await vault.request('GET', '/v1/secrets/iso/tenant')).json.data).toEqual({ value: plaintext });
    });
    it('refuses it at another path', async () => {
      await put('iso/path', plaintext);
      await copySecret(home, 'iso/path', home, 'iso/elsewhere');
      await copyVersions(home, 'iso/path', home, 'iso/elsewhere');
      await refuses('iso/elsewhere');
    });
    it('refuses it as another version', async () => {
      await put('iso/version', plaintext);
      await put('iso/version', 'newer');
      await sql`
        update secrets.version n set (data_ct, data_key_wrapped, wrapped_by) = (o.data_ct, o.data_key_wrapped, o.wrapped_by)
        from secrets.version o
        where n.scope_id = ${home} and n.path = 'iso/version' and n.version = 2
          and o.scope_id = ${home} and o.path = 'iso/version' and o.version = 1`;
      await refuses('iso/version');
      expect((await vault.request('GET', '/v1/secrets/iso/version?version=1')).json.data).toEqual({ value: plaintext });
    });
    it('refuses it with the data key of another one', async () => {
      await put('iso/key', plaintext);
      await sql`
        update secrets.version n set data_key_wrapped = o.data_key_wrapped from secrets.version o
        where n.scope_id = ${home} and n.path = 'iso/key' and o.scope_id = ${home} and o.path = 'iso/own'`;
      await refuses('iso/key');
    });
    it.each(['data_ct', 'data_key_wrapped'])('refuses it with one bit turned in %s', async (column) => {
      const path = `iso/bit-${column.replaceAll('_', '-')}`;
      await put(path, plaintext);
      const name = sql(column);
      await sql`
        update secrets.version set ${name} = set_bit(${name}, octet_length(${name}) * 8 - 3, 1 - get_bit(${name}, octet_length(${name}) * 8 - 3))
        where scope_id = ${home} and path = ${path}`;
      await refuses(path);
    });
  });

  it('shows a service no row of any tenant as long as it has named none', async () => {
    const tables = await sql<{ schema: string; name: string; role: string }[]>`
      select distinct n.nspname as schema, c.relname as name, r.rolname as role
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname in ('scope_id', 'tenant_id')
      join pg_roles r on r.rolname like 'scaivault\_%' and has_table_privilege(r.oid, c.oid, 'select')
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')`;
    expect(tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual(
      expect.arrayContaining(['secrets.secret', 'secrets.version', 'policy.policy', 'policy.binding']),
    );
    const seen: string[] = [];
    for (const { schema, name, role } of tables) {
      const found = await sql.begin(async (tx) => {
        await tx.unsafe(`set local role ${role}`);
        return (await tx.unsafe(`select 1 from ${schema}.${name} limit 1`)).length;
      });
      if (found > 0) seen.push(`${role} sees rows of ${schema}.${name}`);
    }
    expect(seen).toEqual([]);
    expect((await sql`select 1 from secrets.secret`).length).toBeGreaterThan(0);
    const strong = await sql`
      select rolname from pg_roles where rolname like 'scaivault\_%' and (rolsuper or rolbypassrls or rolcreaterole)`;
    expect(strong).toEqual([]);
  });
});

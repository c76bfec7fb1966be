import type { Scope } from '@scaivault/tenancy';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openVault, scopeOf, tenantA, type Vault } from './open-vault.ts';

const canary = 'canary-4f1d9b';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(() => vault.close());
afterEach(() => {
  vault.logLines.length = 0;
});

const alarms = async (): Promise<number> => (await vault.metrics.integrityAlarms.get()).values[0]?.value ?? 0;

const expectAlarm = async (path: string, version: number, scope: Scope = tenantA) => {
  const before = await alarms();
  const failure = await vault.read(path, version, { scope }).catch((error: Error) => error);
  expect(failure).toMatchObject({ code: 'internal_error', details: undefined });
  expect(await alarms()).toBe(before + 1);
  expect(vault.logLines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 50, alarm: 'integrity', scope: `t:${(scope as { tenantId: string }).tenantId}`, path, version },
  ]);
  expect(vault.logLines.join() + String((failure as Error).message)).not.toContain(canary);
};

describe('a row that was changed behind our back does not open and sounds the alarm', () => {
  it('moved to another version', async () => {
    await vault.put('moved/version', { json: { canary, n: 1 } });
    await vault.put('moved/version', { json: { canary, n: 2 } });
    await vault.admin`delete from secrets.version where path = 'moved/version' and version = 2`;
    await vault.admin`update secrets.version set version = 2 where path = 'moved/version'`;
    await expectAlarm('moved/version', 2);
  });

  it('moved to another path', async () => {
    await vault.put('moved/from', { json: { canary } });
    await vault.put('moved/to');
    await vault.admin`delete from secrets.version where path = 'moved/to'`;
    await vault.admin`update secrets.version set path = 'moved/to' where path = 'moved/from'`;
    await expectAlarm('moved/to', 1);
  });

  it('moved to another tenant of the same partner, tenant key and all', async () => {
    const other = scopeOf('tnt_b');
    await vault.put('moved/tenant', { json: { canary } });
    await vault.put('moved/tenant', {}, other);
    await vault.admin`delete from secrets.version where path = 'moved/tenant' and scope_id = 't:tnt_b'`;
    await vault.admin`update secrets.version set scope_id = 't:tnt_b' where path = 'moved/tenant'`;
    await expectAlarm('moved/tenant', 1, other);
    vault.logLines.length = 0;
    await vault.admin`
      insert into secrets.key_versions (scope_id, id, level, generation, wrapped, wrapped_by, status)
      select 't:tnt_b', id, level, 99, wrapped, wrapped_by, 'retired' from secrets.key_versions where scope_id = 't:tnt_a'`;
    await expectAlarm('moved/tenant', 1, other);
  });

  it('with the ciphertext of another version, its key included or not', async () => {
    for (let n = 1; n <= 2; n += 1) await vault.put('swapped', { json: { canary, n } });
    await vault.admin`
      update secrets.version v set data_ct = w.data_ct, data_key_wrapped = w.data_key_wrapped
      from secrets.version w where v.path = 'swapped' and w.path = 'swapped' and v.version = 2 and w.version = 1`;
    await expectAlarm('swapped', 2);
    vault.logLines.length = 0;
    await vault.put('swapped', { json: { canary, n: 3 } });
    await vault.admin`
      update secrets.version v set data_ct = w.data_ct
      from secrets.version w where v.path = 'swapped' and w.path = 'swapped' and v.version = 3 and w.version = 1`;
    await expectAlarm('swapped', 3);
  });

  it('with another key named beside it', async () => {
    await vault.put('renamed', { json: { canary } });
    for (const name of ['key_none', 'local:0123456789abcdef']) {
      await vault.admin`update secrets.version set wrapped_by = ${name} where path = 'renamed'`;
      await expectAlarm('renamed', 1);
      vault.logLines.length = 0;
    }
  });

  it('with one bit turned', async () => {
    await vault.put('flipped', { json: { canary } });
    await vault.admin`
      update secrets.version set data_ct = set_bit(data_ct, length(data_ct) * 8 - 1, 1 - get_bit(data_ct, length(data_ct) * 8 - 1))
      where path = 'flipped'`;
    await expectAlarm('flipped', 1);
  });
});

describe('at rest', () => {
  it('no column of the database holds the value', async () => {
    await vault.put('rest', { json: { canary, 'canary-name': 1 } });
    const tables = await vault.admin<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'secrets'`;
    expect(tables.length).toBeGreaterThanOrEqual(5);
    let rows = 0;
    for (const { name } of tables) {
      const texts = await vault.admin<{ row: string }[]>`
        select to_jsonb(t)::text as row from ${vault.admin(`secrets.${name}`)} t`;
      rows += texts.length;
      for (const { row } of texts) {
        expect(row).not.toContain('canary');
        expect(row).not.toContain(Buffer.from('canary').toString('hex'));
        expect(row).not.toContain(Buffer.from('canary').toString('base64').slice(0, 7));
      }
    }
    expect(rows).toBeGreaterThan(4);
  });

  it('the role of the service sees nothing without a scope, and in a scope only its rows', async () => {
    for (const table of ['secret', 'version', 'secret_tag', 'key_versions']) {
      await vault.put('tagged/rls', { metadata: Buffer.from('{"tags":["t"]}') });
      const count = (rows: readonly { count: number }[]) => rows[0]?.count;
      const [all] = await vault.admin<{ count: number }[]>`
        select count(*)::int as count from ${vault.admin(`secrets.${table}`)}`;
      expect(all?.count).toBeGreaterThan(0);
      const { sql } = vault.db;
      expect(count(await sql<{ count: number }[]>`select count(*) from ${sql(table)}`)).toBe(0);
      const elsewhere = await vault.db.withScope(
        't:nobody' as never,
        async (tx) => await tx<{ count: number }[]>`select count(*) from ${tx(table)}`,
      );
      expect(count(elsewhere)).toBe(0);
    }
  });

  it('leaves no scope behind on the session of a read', async () => {
    const single = await vault.another();
    await single.read('rest');
    expect(await single.db.sql`select path from secret`).toHaveLength(0);
  });

  it('refuses a row half erased', async () => {
    await expect(vault.admin`update secrets.version set data_ct = null where path = 'rest'`).rejects.toMatchObject({
      sqlState: '23514',
    });
  });
});

describe('keys', () => {
  it('are made once per tenant and partner however many begin at once', async () => {
    const processes = [vault, await vault.another(), await vault.another()];
    const scope = scopeOf('tnt_new', 'ptn_new');
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => (processes[i % 3] ?? vault).put(`keys/${i}`, { json: { i } }, scope)),
    );
    expect(
      await vault.admin`
        select scope_id, level, generation, status from secrets.key_versions where scope_id like '%_new' order by 1`,
    ).toEqual([
      { scope_id: 'p:ptn_new', level: 'partner', generation: 1, status: 'active' },
      { scope_id: 't:tnt_new', level: 'tenant', generation: 1, status: 'active' },
    ]);
    for (let i = 0; i < 12; i += 1) {
      expect((await vault.read(`keys/${i}`, undefined, { scope })).json).toEqual({ i });
    }
  });

  it('of a retired generation still open what they wrapped', async () => {
    const scope = scopeOf('tnt_turn', 'ptn_turn');
    await vault.put('turn', { json: { n: 1 } }, scope);
    await vault.admin`update secrets.key_versions set status = 'retired' where scope_id = 't:tnt_turn'`;
    const fresh = await vault.another();
    expect((await fresh.read('turn', undefined, { scope })).json).toEqual({ n: 1 });
    await expect(fresh.put('turn', {}, scope)).rejects.toThrow('none of them is active');
  });
});

it('an outage of the KMS is no alarm', async () => {
  await vault.put('outage');
  const before = await alarms();
  const fresh = await vault.another();
  await vault.wrapper.close();
  await expect(fresh.read('outage')).rejects.toMatchObject({ code: 'kms_unavailable' });
  await expect(fresh.put('outage')).rejects.toMatchObject({ code: 'kms_unavailable' });
  expect((await vault.read('outage')).json).toBeDefined();
  expect(await alarms()).toBe(before);
  expect(vault.logLines).toEqual([]);
});

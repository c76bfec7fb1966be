import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openVault, target, tenantA, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(() => vault.close());

const paths = (folder: string, count = 30): string[] => Array.from({ length: count }, (_, i) => `${folder}/${i}`);
const putAll = (names: readonly string[], by: Pick<Vault, 'put'> = vault) =>
  Promise.all(names.map((path) => by.put(path, { json: { path } })));

describe('writes that come together', () => {
  it('are a few transactions, each with its value, its version and its event', async () => {
    const names = paths('many');
    for (const [created, version] of [
      [true, 1],
      [false, 2],
    ]) {
      const results = await putAll(names);
      expect(results.map((result) => [result.created, result.facts.currentVersion])).toEqual(
        names.map(() => [created, version]),
      );
    }
    for (const path of names) expect((await vault.read(path)).json).toEqual({ path });
    const [row] = await vault.admin`
      select count(distinct xmin::text)::int as transactions from secrets.version where path like 'many/%'`;
    expect(row?.transactions).toBeLessThanOrEqual(8);
    expect(
      await vault.admin`
        select event_type as type, count(distinct path)::int as secrets, count(*)::int as events,
          min((data::json ->> 'old_version')::int) as behind
        from secrets.outbox where path like 'many/%' group by event_type order by event_type`,
    ).toEqual([
      { type: 'secret.created', secrets: 30, events: 30, behind: null },
      { type: 'secret.updated', secrets: 30, events: 30, behind: 1 },
    ]);
  });

  it('leave the others be when one loses against another process', async () => {
    const names = paths('raced');
    await putAll(names.filter((_, i) => i % 2 === 0));
    const other = await vault.another();
    const expectedVersions = new Map(names.map((path, i) => [path, i % 2 === 0 ? 1 : 0]));
    const writers = [vault, other].flatMap((by) =>
      names.map((path) => by.put(path, { expectedVersion: expectedVersions.get(path) as number })),
    );
    const results = await Promise.allSettled(writers);
    const won = results.map(({ status }) => status === 'fulfilled');
    expect(names.map((_, i) => Number(won[i]) + Number(won[i + names.length]))).toEqual(names.map(() => 1));
    const rows = await vault.admin<{ path: string; current: number; kept: number }[]>`
      select s.path, s.current_version as current, (select count(*)::int from secrets.version v where v.path = s.path) as kept
      from secrets.secret s where s.path like 'raced/%'`;
    expect(rows).toHaveLength(names.length);
    for (const { path, current, kept } of rows) {
      expect([current, kept]).toEqual(Array(2).fill((expectedVersions.get(path) as number) + 1));
    }
  });

  it('do not wait for a secret that somebody else holds on to', async () => {
    const names = paths('held', 10);
    await putAll(names);
    const letGo = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<void>();
    const { path: heldPath, scope } = target('held/3', tenantA);
    const held = vault.store.hold(scope, heldPath, async () => {
      holding.resolve();
      await letGo.promise;
    });
    await holding.promise;
    const order: string[] = [];
    const writes = names.map(async (path) => {
      await vault.put(path);
      order.push(path);
    });
    await Promise.all(writes.filter((_, i) => i !== 3));
    expect(order).not.toContain('held/3');
    letGo.resolve();
    await held;
    await writes[3];
    expect((await vault.read('held/3')).secret.currentVersion).toBe(2);
  });

  it('come through when one of them is refused, which alone fails', async () => {
    await vault.admin.unsafe(`
      create function pg_temp_refuse() returns trigger language plpgsql as
        $$ begin if new.path = 'refused/7' then raise exception 'no' using errcode = '23514'; end if; return new; end $$;
      create trigger refuse before insert on secrets.version for each row execute function pg_temp_refuse();`);
    try {
      const names = paths('refused');
      const results = await Promise.allSettled(names.map((path) => vault.put(path)));
      expect(names.filter((_, i) => results[i]?.status === 'rejected')).toEqual(['refused/7']);
      const [row] = await vault.admin`
        select count(*)::int as count from secrets.secret where path like 'refused/%' and current_version = 1`;
      expect(row?.count).toBe(names.length - 1);
    } finally {
      await vault.admin.unsafe('drop trigger refuse on secrets.version; drop function pg_temp_refuse();');
    }
  });

  it('begin anew where a secret is gone for good, and nowhere else', async () => {
    const names = paths('gone', 4);
    await putAll(names);
    await vault.remove('gone/2');
    await expect(putAll(names)).rejects.toMatchObject({ code: 'secret_exists' });
    vault.passSeconds(31 * 24 * 3600);
    const results = await putAll(names);
    expect(results.map(({ created, facts }) => [created, facts.currentVersion])).toEqual([
      [false, 3],
      [false, 3],
      [true, 1],
      [false, 3],
    ]);
    expect((await vault.read('gone/2')).json).toEqual({ path: 'gone/2' });
  });

  it('erase what no longer fits of each secret by its own limit', async () => {
    await vault.put('limits/a', { maxVersions: 1 });
    await vault.put('limits/b', { maxVersions: 2 });
    for (let i = 0; i < 2; i += 1) await putAll(['limits/a', 'limits/b', 'limits/c']);
    expect(
      await vault.admin`
        select path, array_agg(version order by version) as kept from secrets.version
        where path like 'limits/%' and destroyed_at is null group by path order by path`,
    ).toEqual([
      { path: 'limits/a', kept: [3] },
      { path: 'limits/b', kept: [2, 3] },
      { path: 'limits/c', kept: [1, 2] },
    ]);
  });
});

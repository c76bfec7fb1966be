import type { ScopeId } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApplyRetention } from '../src/app/apply-retention.ts';
import { createExpiry } from '../src/store/expiry.ts';
import { createSettingsTable } from '../src/store/settings-table.ts';
import { encode, type OpenLog, openLog, recordOf, scopeA, scopeB } from './open-log.ts';

const dayMicros = 86_400_000_000;
const defaultDays = 400;

let opened: OpenLog;
let rows: { readonly tenantId: string; readonly facts: object }[];
let dropped: string[];
beforeAll(async () => {
  opened = await openLog();
});
beforeEach(async () => {
  rows = [];
  dropped = [];
  opened.alarms.splice(0);
  await opened.owner.sql`
    truncate audit.log, audit.head, audit.tally, audit.sketch, audit.path_day, audit.identity_day, audit.settings,
      audit.quarantine`;
  await sealUpTo(0);
});
afterAll(() => opened[Symbol.asyncDispose]());

const micros = (daysAgo: number): number => Date.now() * 1000 - daysAgo * dayMicros;

/** Records so many days old, in this order; sealed in batches of five. */
const put = async (tenantId: string, ...daysAgo: readonly number[]) => {
  const records = daysAgo.map((days) => encode(recordOf({ tenantId, timestampMicros: BigInt(micros(days)) })));
  expect(await opened.ingest(records)).toBe(daysAgo.length);
  return records;
};

/** Stands for the sealer: what is sealed lies in whole batches of five. */
const sealUpTo = (last: number) =>
  opened.owner.sql.unsafe(`
    create or replace function audit.sealed_batch_end(scope text, seq bigint) returns bigint language sql stable
    security definer set search_path = audit, pg_temp
    return case when seq + 5 <= ${last} then seq + 5 end`);

const applyRetention = (nowMicros = Date.now() * 1000) =>
  createApplyRetention({
    expiry: createExpiry(opened.db),
    audit: {
      deed: async ({ tenantId, action }, work) => {
        const facts = { action };
        const result = await work((more) => Object.assign(facts, more));
        rows.push({ tenantId, facts });
        return result;
      },
    },
    onMonthDropped: (month) => dropped.push(month),
    defaultDays,
    nowMicros: () => nowMicros,
  })();

const numbersOf = async (scope: ScopeId) => (await opened.numbered(scope)).map(({ seq }) => seq);
const many = (count: number, daysAgo: number) => Array.from({ length: count }, () => daysAgo);
const keep = (scope: ScopeId, retentionDays: number) =>
  createSettingsTable(opened.db).put(scope, { retentionDays, updatedAtMicros: 0, updatedBy: 'user:x' }, undefined);

describe('retention', () => {
  it('removes whole sealed batches in order, as far as nothing in them is kept', async () => {
    await put('tnt_a', ...many(12, 500), ...many(3, 10), ...many(10, 500));
    await sealUpTo(25);
    await applyRetention();
    expect(await numbersOf(scopeA)).toEqual(Array.from({ length: 15 }, (_, index) => index + 11));
    expect(rows).toEqual([
      { tenantId: 'tnt_a', facts: { action: 'audit_retention', removed_records: 10, last_event_seq: 10 } },
    ]);
  });

  it('removes nothing that is not sealed', async () => {
    await put('tnt_a', ...many(14, 500));
    await applyRetention();
    expect(await numbersOf(scopeA)).toHaveLength(14);
    await sealUpTo(9);
    await applyRetention();
    expect(await numbersOf(scopeA)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  it('follows what each tenant has chosen, and the default where it chose nothing', async () => {
    await put('tnt_a', ...many(5, 100));
    await put('tnt_b', ...many(5, 100));
    await put('tnt_c', ...many(5, 3_000));
    await keep(scopeA, 99);
    await keep('t:tnt_c' as ScopeId, 3_650);
    await sealUpTo(5);
    await applyRetention();
    expect([await numbersOf(scopeA), await numbersOf(scopeB), await numbersOf('t:tnt_c' as ScopeId)]).toEqual([
      [],
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  it('goes on numbering where it was, and leaves no row where there was nothing to remove', async () => {
    await put('tnt_a', ...many(5, 500));
    await sealUpTo(5);
    await applyRetention();
    await applyRetention();
    expect(rows).toHaveLength(1);
    await put('tnt_a', 0);
    expect(await numbersOf(scopeA)).toEqual([6]);
  });

  it('does not let a removed record come back with a new number: it is set aside and told', async () => {
    const old = await put('tnt_a', ...many(5, 500));
    await sealUpTo(5);
    await applyRetention();
    const fresh = encode(recordOf());
    expect(await opened.ingest([...old.slice(0, 2), fresh])).toBe(1);
    expect(await numbersOf(scopeA)).toEqual([6]);
    expect(opened.alarms).toEqual([many(2, 0).map(() => 'older than what retention has removed')]);
    expect(await opened.owner.sql`select 1 from quarantine`).toHaveLength(2);
  });

  it('takes a late record that is younger than all that was removed', async () => {
    await put('tnt_a', ...many(5, 500));
    await sealUpTo(5);
    await applyRetention();
    await put('tnt_a', 450);
    expect(await numbersOf(scopeA)).toEqual([6]);
  });

  it.each([
    ['our own clock jumps ahead', 4_000 * dayMicros],
    ['our own clock is behind', -dayMicros],
  ])('removes nothing that is kept when %s', async (_what, jump) => {
    await put('tnt_a', ...many(5, 399));
    await sealUpTo(5);
    await applyRetention(Date.now() * 1000 + jump);
    expect(await numbersOf(scopeA)).toHaveLength(5);
  });

  it('removes the counts of days that nobody keeps', async () => {
    await put('tnt_a', ...many(5, 500), 0);
    await sealUpTo(5);
    await applyRetention();
    for (const table of ['tally', 'sketch'])
      expect(await opened.owner.sql.unsafe(`select distinct grain from audit.${table}`)).toHaveLength(2);
    expect(await opened.owner.sql`select 1 from audit.tally`).toHaveLength(2);
    expect(await opened.owner.sql`select 1 from audit.path_day`).toHaveLength(1);
    expect(await opened.owner.sql`select 1 from audit.identity_day`).toHaveLength(1);
  });

  it('drops a month once nobody has a record in it, and leaves those that somebody keeps or reads', async () => {
    await put('tnt_a', ...many(5, 500));
    await put('tnt_b', 500, ...many(4, 1_000));
    const months = async () =>
      (
        await opened.owner.sql`select inhrelid from pg_inherits
      where inhparent = 'audit.log'::regclass`
      ).length;
    const before = await months();
    await keep(scopeB, 3_650);
    await sealUpTo(5);
    await applyRetention();
    expect([dropped, await months()]).toEqual([[], before]);
    await keep(scopeB, 30);
    await opened.owner.transaction(async (reader) => {
      await reader`select count(*) from audit.log`;
      await applyRetention();
    });
    expect([dropped, await numbersOf(scopeB)]).toEqual([[], []]);
    await applyRetention();
    expect(dropped).toHaveLength(2);
    expect(await months()).toBe(before - 2);
  });

  it.each([
    ['the counter of what was removed', `update audit.head set removed_seq = 1`],
    ['rows of the log', `delete from audit.log`],
    ['rows of a month', `select audit.expired_batch('t:tnt_a', 30, now())`],
  ])('is the only way to: %s', async (_what, statement) => {
    await put('tnt_a', 500);
    await expect(opened.db.withScope(scopeA, (tx) => tx.unsafe(statement))).rejects.toMatchObject({
      sqlState: '42501',
    });
  });

  it('never goes below 30 days, whatever the service asks for', async () => {
    await put('tnt_a', ...many(5, 29));
    await sealUpTo(5);
    const rule = { defaultDays: 0, nowMicros: Date.now() * 1000 };
    expect(await createExpiry(opened.db).removeBatch(scopeA, rule)).toBeUndefined();
    await expect(keep(scopeA, 29)).rejects.toThrow();
  });
});

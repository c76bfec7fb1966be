import type { AuditRecord } from '@scaivault/contracts';
import { parsePolicyPath, type ScopeId } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSummarizeLogs } from '../src/app/summarize-logs.ts';
import { estimateDistinct, mostMarks } from '../src/domain/estimate-distinct.ts';
import { splitWindow } from '../src/domain/split-window.ts';
import { createSummaryTables } from '../src/store/summary-tables.ts';
import { createTrailTables } from '../src/store/trail-tables.ts';
import { callerOf, encode, type OpenLog, openLog, recordOf } from './open-log.ts';

let opened: OpenLog;
beforeAll(async () => {
  opened = await openLog();
});
afterAll(() => opened[Symbol.asyncDispose]());

const at = (text: string): number => Date.parse(text) * 1000;
const path = parsePolicyPath('app/db');
const denied = { success: false, errorCode: 'access_denied' };

const put = (tenantId: string, records: readonly (Partial<AuditRecord> & { readonly micros: number })[]) =>
  opened.ingest(
    records.map(({ micros, ...record }) => encode(recordOf({ tenantId, timestampMicros: BigInt(micros), ...record }))),
  );
const scopeOf = (tenantId: string) => `t:${tenantId}` as ScopeId;

describe('the summary of a path', () => {
  const secret = (tenantId: string, since: string) =>
    createTrailTables(opened.db).secret(scopeOf(tenantId), path, at(since));

  it('counts what succeeded as reads and writes, each refusal with 403 as denied, and nothing of other paths', async () => {
    await put('tnt_path', [
      { micros: at('2026-01-01T10:00:00Z') },
      { micros: at('2026-01-02T10:00:00Z'), identityId: 'sa:other' },
      { micros: at('2026-01-03T10:00:00Z'), ...denied },
      { micros: at('2026-01-03T11:00:00Z'), action: 'write', identityId: 'user:a@x.example' },
      { micros: at('2026-01-04T11:00:00Z'), action: 'write', success: false, errorCode: 'forbidden' },
      { micros: at('2026-01-05T11:00:00Z'), success: false, errorCode: 'secret_not_found' },
      { micros: at('2026-01-06T11:00:00Z'), action: 'delete' },
      { micros: at('2026-01-07T11:00:00Z'), secretPath: 'app/db/x' },
    ]);
    expect(await secret('tnt_path', '2026-01-01T23:00:00Z')).toEqual({
      reads: 2,
      writes: 1,
      denied: 2,
      uniqueIdentities: 3,
      lastReadMicros: at('2026-01-02T10:00:00Z'),
      lastWrittenMicros: at('2026-01-03T11:00:00Z'),
    });
  });

  it('begins with the UTC day of its first instant, and is empty where nothing happened', async () => {
    expect(await secret('tnt_path', '2026-01-02T00:00:00Z')).toMatchObject({
      reads: 1,
      writes: 1,
      uniqueIdentities: 3,
    });
    expect(await secret('tnt_path', '2026-01-08T00:00:00Z')).toEqual({
      reads: 0,
      writes: 0,
      denied: 0,
      uniqueIdentities: 0,
      lastReadMicros: null,
      lastWrittenMicros: null,
    });
  });

  it('counts a record once, however often it comes and whatever comes with it', async () => {
    const micros = BigInt(at('2026-01-01T10:00:00Z'));
    const records = Array.from({ length: 7 }, () =>
      encode(recordOf({ tenantId: 'tnt_once', timestampMicros: micros })),
    );
    await opened.ingest(records.slice(0, 5));
    await Promise.all([
      opened.ingest(records),
      opened.ingest(records.toReversed()),
      opened.ingest(records.slice(2, 6)),
    ]);
    expect(await secret('tnt_once', '2026-01-01T00:00:00Z')).toMatchObject({ reads: 7, uniqueIdentities: 1 });
  });
});

it('the summary of an identity counts its records, refusals and paths, from the first to the last', async () => {
  await put('tnt_identity', [
    { micros: at('2026-01-02T10:00:00Z') },
    { micros: at('2026-01-01T10:00:00Z'), secretPath: 'app/b' },
    { micros: at('2026-01-03T10:00:00Z'), ...denied },
    { micros: at('2026-01-04T10:00:00Z'), secretPath: undefined as never, action: 'audit_read' },
    { micros: at('2026-01-04T11:00:00Z'), identityId: 'sa:other' },
  ]);
  const identity = createTrailTables(opened.db).identity(scopeOf('tnt_identity'), 'sa:ci', at('2026-01-01T00:00:00Z'));
  expect(await identity).toEqual({
    totalEvents: 4,
    denied: 1,
    uniquePaths: 2,
    firstSeenMicros: at('2026-01-01T10:00:00Z'),
    lastSeenMicros: at('2026-01-04T10:00:00Z'),
  });
});

describe('the summary of a window', () => {
  const first = at('2026-01-30T20:00:00Z');
  const last = at('2026-02-03T05:00:00Z');
  const step = 733_000_001;
  const actions = ['read', 'write', 'list'];
  const records = Array.from({ length: Math.floor((last - first) / step) }, (_, n) => ({
    micros: first + n * step,
    action: actions[n % 3] ?? '',
    identityId: `sa:${n % 17}`,
    secretPath: `app/${n % 29}`,
    ...(n % 5 === 0 ? denied : {}),
  }));
  beforeAll(() => put('tnt_window', records));

  it.each([
    ['everything', first, last + 1],
    ['some days with hours and minutes around them', at('2026-01-30T22:17:00Z'), at('2026-02-02T03:44:00Z')],
    ['part of a day', at('2026-02-01T01:30:00Z'), at('2026-02-01T07:00:00Z')],
    ['part of an hour', at('2026-02-01T01:10:00Z'), at('2026-02-01T01:50:00Z')],
    ['nothing', first, first],
  ])('is what counting the rows one by one gives: %s', async (_what, fromMicros, toMicros) => {
    const counted = records.filter(({ micros }) => micros >= fromMicros && micros < toMicros);
    const by = (name: (record: (typeof records)[number]) => string | undefined) =>
      Object.fromEntries(
        Map.groupBy(
          counted.filter((each) => name(each) !== undefined),
          name,
        )
          .entries()
          .map(([key, all]) => [key, all.length]),
      );
    const parts = splitWindow({ fromMicros, toMicros });
    expect(await createSummaryTables(opened.db).log(scopeOf('tnt_window'), parts)).toEqual({
      totalEvents: counted.length,
      successfulEvents: counted.filter((record) => !('success' in record)).length,
      uniqueIdentities: new Set(counted.map(({ identityId }) => identityId)).size,
      uniquePaths: new Set(counted.map(({ secretPath }) => secretPath)).size,
      byAction: by(({ action }) => action),
      byErrorCode: by((record) => ('errorCode' in record ? String(record.errorCode) : undefined)),
    });
  });

  it('holds all that has come by now and the 30 days before, unless told otherwise', async () => {
    const nowMicros = at('2026-03-02T12:34:56Z');
    const summarize = createSummarizeLogs({ summaries: createSummaryTables(opened.db), nowMicros: () => nowMicros });
    await put('tnt_usual', [
      { micros: at('2026-01-31T11:59:59Z') },
      { micros: at('2026-01-31T12:00:00Z') },
      { micros: nowMicros + 1 },
    ]);
    const { window, summary } = await summarize(callerOf('tnt_usual'), {});
    expect(window).toEqual({ fromMicros: at('2026-01-31T12:00:00Z'), toMicros: nowMicros });
    expect(summary.totalEvents).toBe(2);
    await expect(summarize(callerOf('tnt_usual'), { fromMicros: nowMicros + 1 })).rejects.toMatchObject({
      code: 'validation_error',
    });
  });

  it('shows nobody the counts of another tenant', async () => {
    const parts = splitWindow({ fromMicros: first, toMicros: last });
    expect(await createSummaryTables(opened.db).log(scopeOf('tnt_nobody'), parts)).toMatchObject({ totalEvents: 0 });
    for (const table of ['tally', 'sketch', 'path_day', 'identity_day'])
      expect(await opened.db.sql.unsafe(`select 1 from ${table}`)).toHaveLength(0);
  });
});

describe('different identities and paths', () => {
  const markedUpTo = async (members: number) => {
    const [found] = await opened.owner.sql<{ count: number; largest: number }[]>`
      select coalesce(cardinality(m), 0) as count, (m[cardinality(m)]::float8 + 9223372036854775808) / 18446744073709551616 as largest
      from (select audit.least_marks(array_agg(audit.mark_of('path/' || n))) as m from generate_series(1, ${members}::integer) n)`;
    return estimateDistinct(found ?? { count: 0, largest: null });
  };

  it.each([0, 1, 5, mostMarks - 1])('are counted exactly while there are few: %i', async (members) => {
    expect(await markedUpTo(members)).toBe(members);
  });

  it.each([256, 1_000, 5_000, 50_000])('are estimated within 20 % when there are many: %i', async (members) => {
    expect(Math.abs((await markedUpTo(members)) / members - 1)).toBeLessThan(0.2);
  });

  it('are the same however they come together', async () => {
    const [same] = await opened.owner.sql<{ isSame: boolean }[]>`
      select array(select unnest(grown.m) order by 1) = at_once.m as "isSame" from (
        with recursive step (n, m) as (
          select 0, '{}'::bigint[]
          union all
          select n + 1, audit.add_marks(m, coming.marks) from step, lateral (
            select array(select audit.mark_of('p' || (n * 7 + k) % 400) from generate_series(0, n % 3) k order by 1) as marks
          ) as coming where n < 800
        ) select m from step where n = 800
      ) grown, (
        select audit.least_marks(array_agg(distinct audit.mark_of('p' || (n * 7 + k) % 400))) as m
        from generate_series(0, 799) n, lateral generate_series(0, n % 3) k
      ) at_once`;
    expect(same).toEqual({ isSame: true });
  });

  it('of two days together count once', async () => {
    const [merged] = await opened.owner.sql<{ isSame: boolean }[]>`
      select audit.least_marks(a.m || b.m) = both_days.m as "isSame" from
        (select audit.least_marks(array_agg(audit.mark_of(n::text))) as m from generate_series(1, 3000) n) a,
        (select audit.least_marks(array_agg(audit.mark_of(n::text))) as m from generate_series(2000, 6000) n) b,
        (select audit.least_marks(array_agg(audit.mark_of(n::text))) as m from generate_series(1, 6000) n) both_days`;
    expect(merged).toEqual({ isSame: true });
  });
});

import { type Database, openDatabase } from '@scaivault/db';
import { createTestDatabase, type TestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSweep } from '../src/app/sweep.ts';
import { identitySyncMigrations } from '../src/store/migrations.ts';
import { createMirrorStore } from '../src/store/mirror-store.ts';
import { createSyncRunTable } from '../src/store/sync-run-table.ts';

const dayMs = 86_400_000;
const scope = 't:tnt_a' as never;
let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ migrations: [identitySyncMigrations] });
  db = openDatabase({
    url: database.url,
    role: 'scaivault_identity',
    schema: 'identity',
    applicationName: 'sweep-test',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const sweepAt = (nowMs: number): Promise<void> =>
  createSweep({ rows: createMirrorStore(db), runs: createSyncRunTable(db), nowMicros: () => nowMs * 1000 })();
const daysAgo = (days: number): number => (Date.now() - days * dayMs) * 1000;

it('forgets events after seven days and not before, however many there are', async () => {
  await db.sql`
    insert into webhook_event (event_id, received_at)
    select 'old' || n, ${daysAgo(7.01)}::timestamptz from generate_series(1, 2500) n`;
  await db.sql`insert into webhook_event (event_id, received_at) values ('young', ${daysAgo(6.99)})`;
  await sweepAt(Date.now());
  expect(await db.sql`select event_id from webhook_event`).toEqual([{ event_id: 'young' }]);
});

it('drops identities and groups thirty days after their deletion, with their memberships', async () => {
  await db.withScope(scope, async (tx) => {
    const rows: [string, string, number][] = [
      ['long_gone', 'DELETED', 31],
      ['just_gone', 'DELETED', 29],
      ['quiet', 'ACTIVE', 400],
    ];
    for (const [id, status, days] of rows) {
      await tx`insert into identity (scope_id, subject_id, status, synced_at)
        values (${scope}, ${`usr_${id}`}, ${status}, ${daysAgo(days)})`;
      await tx`insert into group_ (scope_id, subject_id, status, synced_at)
        values (${scope}, ${`grp_${id}`}, ${status}, ${daysAgo(days)})`;
    }
    for (const [group, user] of [
      ['grp_quiet', 'usr_quiet'],
      ['grp_quiet', 'usr_long_gone'],
      ['grp_long_gone', 'usr_quiet'],
    ] as const) {
      await tx`insert into membership (scope_id, group_id, subject_id, present, source_time, synced_at)
        values (${scope}, ${group}, ${user}, true, now(), now())`;
    }
  });
  // A clock that runs ahead removes nothing that is younger by the database's own.
  await sweepAt(Date.now() + 365 * dayMs);
  await db.withScope(scope, async (tx) => {
    const ids = (rows: readonly { id?: unknown }[]) => rows.map(({ id }) => id);
    expect(ids(await tx`select subject_id as id from identity order by 1`)).toEqual(['usr_just_gone', 'usr_quiet']);
    expect(ids(await tx`select subject_id as id from group_ order by 1`)).toEqual(['grp_just_gone', 'grp_quiet']);
    expect(ids(await tx`select group_id || ' ' || subject_id as id from membership`)).toEqual(['grp_quiet usr_quiet']);
  });
});

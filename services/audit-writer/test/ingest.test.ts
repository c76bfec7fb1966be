import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encode, type OpenLog, openLog, recordOf, scopeA, scopeB } from './open-log.ts';

let opened: OpenLog;
beforeAll(async () => {
  opened = await openLog();
});
afterAll(() => opened[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const table of ['log', 'head', 'quarantine', 'tally', 'sketch', 'path_day', 'identity_day'])
    await opened.owner.sql.unsafe(`delete from ${table}`);
});

const batchOf = (count: number, tenantId = 'tnt_a') => Array.from({ length: count }, () => recordOf({ tenantId }));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('ingest', () => {
  it('numbers the records of a tenant in the order they come, from 1 on', async () => {
    const batch = batchOf(5);
    expect(await opened.ingest(batch.slice(0, 2).map(encode))).toBe(2);
    expect(await opened.ingest(batch.slice(2).map(encode))).toBe(3);
    expect(await opened.numbered()).toEqual(batch.map(({ id }, index) => ({ id, seq: index + 1 })));
  });

  it('numbers by arrival when clocks disagree', async () => {
    const now = BigInt(Date.now()) * 1000n;
    const batch = [0n, 3n, -70n, 1n].map((seconds) => recordOf({ timestampMicros: now + seconds * 1_000_000n }));
    await opened.ingest(batch.map(encode));
    expect((await opened.numbered()).map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
  });

  it('takes a batch twice as one and gives no number to what is there already', async () => {
    const first = batchOf(3).map(encode);
    const more = batchOf(2).map(encode);
    expect(await opened.ingest(first)).toBe(3);
    expect(await opened.ingest(first)).toBe(0);
    expect(await opened.ingest([...first.slice(1), ...more, ...first.slice(0, 1)])).toBe(2);
    expect((await opened.numbered()).map(({ seq }) => seq)).toEqual(upTo(5));
  });

  it('takes a record once that lies twice in a batch', async () => {
    const [one, other] = batchOf(2).map(encode);
    expect(await opened.ingest([one, other, one] as Uint8Array[])).toBe(2);
    expect((await opened.numbered()).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('leaves a row as it is when the same record comes with another text', async () => {
    const record = recordOf();
    await opened.ingest([encode(record)]);
    expect(await opened.ingest([encode({ ...record, success: false, errorCode: 'unknown' })])).toBe(0);
    expect(await opened.owner.sql`select success, error_code from audit.log`).toEqual([
      { success: true, error_code: null },
    ]);
  });

  it('neither doubles nor leaves gaps when twenty batches of one tenant overlap at once', async () => {
    const records = batchOf(400);
    const encoded = records.map(encode);
    // Each batch holds half of its neighbour's records, and every other one is sent twice.
    const batches = Array.from({ length: 19 }, (_, index) => encoded.slice(index * 20, index * 20 + 40));
    const stored = await Promise.all([...batches, encoded.slice(0, 40)].map((batch) => opened.ingest(batch)));
    expect(stored.reduce((sum, count) => sum + count, 0)).toBe(400);
    const rows = await opened.numbered();
    expect(rows.map(({ seq }) => seq)).toEqual(upTo(400));
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(records.map(({ id }) => id)));
  });

  it('numbers each tenant by itself, many tenants in one batch and at once', async () => {
    const tenants = ['tnt_a', 'tnt_b', 'tnt_z'];
    const mixed = upTo(60).map((n) => encode(recordOf({ tenantId: tenants[n % 3] ?? '' })));
    await Promise.all([opened.ingest(mixed.slice(0, 40)), opened.ingest(mixed.slice(20)), opened.ingest(mixed)]);
    for (const tenant of tenants) {
      expect((await opened.numbered(`t:${tenant}` as typeof scopeA)).map(({ seq }) => seq)).toEqual(upTo(20));
    }
  });

  it('stores nothing of a tenant when its batch fails, and everything when it is sent again', async () => {
    const batch = batchOf(3).map(encode);
    await opened.owner.sql`alter table audit.log add constraint refuse check (event_seq < 3)`;
    await expect(opened.ingest(batch)).rejects.toThrow();
    expect(await opened.numbered()).toEqual([]);
    await opened.owner.sql`alter table audit.log drop constraint refuse`;
    expect(await opened.ingest(batch)).toBe(3);
    expect((await opened.numbered()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('keeps every field as the record has it', async () => {
    const extraData = new TextEncoder().encode('{"b":1e2,"a":"\\u0000\\ud83d\\ude00"}');
    const record = recordOf({ policyId: 'pol_1', errorCode: 'not_found', success: false, extraData });
    await opened.ingest([encode(record)]);
    const window = { fromMicros: Date.UTC(2000) * 1000, toMicros: Date.now() * 1000 + 1_000_000 };
    const filter = {
      actions: [],
      identityId: undefined,
      identityType: undefined,
      path: undefined,
      success: undefined,
      sourceIp: undefined,
      requestId: undefined,
    };
    const rows = await opened.log.read(scopeA, filter, { window, order: 'desc', after: undefined, limit: 10 });
    expect(rows).toEqual([
      {
        id: record.id,
        eventSeq: 1,
        tsMicros: Number(record.timestampMicros),
        action: 'read',
        identityType: 'service_account',
        identityId: 'sa:ci',
        secretPath: 'app/db',
        sourceIp: '192.0.2.1',
        userAgent: 'curl/8',
        success: false,
        errorCode: 'not_found',
        policyId: 'pol_1',
        durationMs: 3,
        requestId: record.requestId,
        extraData: '{"b":1e2,"a":"\\u0000\\ud83d\\ude00"}',
      },
    ]);
  });
});

describe('row-level security of the log', () => {
  it('shows a session the rows of its scope only, also when asked for all', async () => {
    await opened.ingest([...batchOf(2), ...batchOf(3, 'tnt_b')].map(encode));
    expect(await opened.numbered(scopeA)).toHaveLength(2);
    expect(await opened.numbered(scopeB)).toHaveLength(3);
    expect(await opened.db.sql`select id from log`).toHaveLength(0);
    expect(await opened.db.sql`select event_seq from head`).toHaveLength(0);
  });

  it('refuses to write into another scope', async () => {
    await opened.ingest(batchOf(1).map(encode));
    const foreign = opened.db.withScope(
      scopeB,
      (tx) => tx`
        insert into log (scope_id, ts, id, event_seq, action, identity_type, identity_id, success, duration_ms,
          request_id, extra_data)
        values (${scopeA}, now(), 'log_x', 9, 'read', 'user', 'user:x', true, 0, '', '{}')`,
    );
    await expect(foreign).rejects.toMatchObject({ sqlState: '42501' });
  });

  it.each([
    ['a partition by its own name', (month: string) => `select id from audit.log_${month}`],
    ['changing a row', () => `update audit.log set success = true`],
    ['removing a row', () => `delete from audit.log`],
    ['emptying the log', () => `truncate audit.log`],
    ['reading what was set aside', () => `select record from audit.quarantine`],
    ['changing what was set aside', () => `delete from audit.quarantine`],
    ['taking back numbers', () => `delete from audit.head`],
  ])('is not passed by: %s', async (_name, statement) => {
    await opened.ingest(batchOf(1).map(encode));
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    await expect(opened.db.withScope(scopeA, (tx) => tx.unsafe(statement(month)))).rejects.toMatchObject({
      sqlState: '42501',
    });
  });
});

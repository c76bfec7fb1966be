import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrepareMonths } from '../src/app/prepare-months.ts';
import { encode, type OpenLog, openLog, recordOf } from './open-log.ts';

let opened: OpenLog;
beforeAll(async () => {
  opened = await openLog();
});
afterAll(() => opened[Symbol.asyncDispose]());

const partitions = async (): Promise<readonly string[]> =>
  (
    await opened.owner.sql<{ name: string }[]>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'audit.log'::regclass order by name`
  ).map(({ name }) => name);

const partitionOf = async (id: string): Promise<string | undefined> =>
  (
    await opened.owner.sql<{ name: string }[]>`select tableoid::regclass::text as name from audit.log where id = ${id}`
  )[0]?.name;

const microsOf = (text: string): bigint => BigInt(Date.parse(text)) * 1000n;

describe('partitions', () => {
  it('are made for this month and the next two, once', async () => {
    const prepare = createPrepareMonths({ log: opened.log, nowMicros: () => Date.now() * 1000 });
    await Promise.all([prepare(), prepare(), prepare()]);
    const now = new Date();
    const expected = [0, 1, 2].map((offset) => {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1)).toISOString().slice(0, 7);
      return `log_${month.replace('-', '_')}`;
    });
    expect(await partitions()).toEqual(expected);
  });

  it.each([
    ['2024-12-31T23:59:59.999Z', 999n, 'log_2024_12'],
    ['2025-01-01T00:00:00.000Z', 0n, 'log_2025_01'],
    ['2024-02-29T12:00:00.000Z', 0n, 'log_2024_02'],
    ['2000-01-01T00:00:00.000Z', 0n, 'log_2000_01'],
  ])('are made for a record of %s when it comes', async (time, micros, partition) => {
    const record = recordOf({ timestampMicros: microsOf(time) + micros });
    expect(await opened.ingest([encode(record)])).toBe(1);
    expect(await partitionOf(record.id)).toBe(partition);
    expect(await opened.ingest([encode(record)])).toBe(0);
  });

  it('are made once when batches of several months come at once', async () => {
    const months = ['2023-05', '2023-06', '2023-07', '2023-08'];
    const batch = (tenantId: string) =>
      months.map((month) => encode(recordOf({ tenantId, timestampMicros: microsOf(`${month}-15T00:00:00Z`) })));
    const stored = await Promise.all(
      ['tnt_a', 'tnt_b', 'tnt_z'].flatMap((tenant) => [opened.ingest(batch(tenant)), opened.ingest(batch(tenant))]),
    );
    expect(stored).toEqual(stored.map(() => 4));
    expect((await partitions()).filter((name) => name.startsWith('log_2023'))).toHaveLength(4);
  });

  it('have every index of the log and row-level security of their own', async () => {
    await opened.ingest([encode(recordOf({ timestampMicros: microsOf('2022-01-15T00:00:00Z') }))]);
    const [facts] = await opened.owner.sql<{ indexes: number; secured: boolean }[]>`
      select (select count(*) from pg_index where indrelid = c.oid) as indexes, relrowsecurity as secured
      from pg_class c where c.oid = 'audit.log_2022_01'::regclass`;
    expect(facts).toEqual({ indexes: 10, secured: true });
  });

  it('are not made by the service for anything but a month in reach', async () => {
    for (const month of ['2025-01-02', '1999-12-01', '2999-01-01']) {
      await expect(opened.db.sql`select ensure_partition(${month}::date)`).rejects.toMatchObject({ sqlState: '22023' });
    }
  });

  it('are made while somebody reads the log', async () => {
    await opened.owner.transaction(async (reader) => {
      await reader`select count(*) from audit.log`;
      const record = recordOf({ timestampMicros: microsOf('2021-03-15T00:00:00Z') });
      expect(await opened.ingest([encode(record)])).toBe(1);
    });
  });
});

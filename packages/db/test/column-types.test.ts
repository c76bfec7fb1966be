import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, loadCursorKey } from '../src/index.ts';
import { createMigratedDatabase, open } from './own-database.ts';

let database: Awaited<ReturnType<typeof createMigratedDatabase>>;
let db: Database;

beforeAll(async () => {
  database = await createMigratedDatabase();
  db = open(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const micros = (text: string, fraction: number): number => Date.parse(text) * 1000 + fraction;

it('reads timestamptz as microseconds since the epoch', async () => {
  const [row] =
    await db.sql`select '2026-11-24 02:20:08.094123+01'::timestamptz as a, '1969-12-31 23:59:59.999999Z'::timestamptz as b,
    'epoch'::timestamptz as c, '1815-12-10 00:00:00.000001Z'::timestamptz as d, 'infinity'::timestamptz as e, '0099-01-01Z'::timestamptz as f,
    null::timestamptz as g, array['epoch'::timestamptz] as h`;
  expect(row).toEqual({
    a: micros('2026-11-24T01:20:08.094Z', 123),
    b: -1,
    c: 0,
    d: micros('1815-12-10T00:00:00Z', 1),
    e: Number.POSITIVE_INFINITY,
    f: micros('0099-01-01T00:00:00Z', 0),
    g: null,
    h: [0],
  });
});

it('gives back every timestamptz it was given', async () => {
  const exact = fc.integer({ min: micros('1684-08-01T00:00:00Z', 0), max: micros('2255-05-01T00:00:00Z', 0) });
  await fc.assert(
    fc.asyncProperty(exact, async (value) => {
      const [row] = await db.sql`select ${value}::timestamptz as back,
        (extract(epoch from ${value}::timestamptz) * 1000000)::int8 as counted`;
      expect(row).toEqual({ back: value, counted: value });
    }),
    { numRuns: 60 },
  );
});

it('refuses a timestamptz that is no whole number of microseconds or outside the years 1 to 9999', async () => {
  for (const wrong of [0.5, Number.NaN, 1e18, -1e18, '2026-01-01']) {
    await expect(db.sql`select ${wrong}::timestamptz`).rejects.toMatchObject({ sqlState: '22007' });
  }
  expect(await db.sql`select ${0}::timestamptz as t`).toEqual([{ t: 0 }]);
});

it('reads int8 as a number and refuses one that a number cannot hold', async () => {
  expect(await db.sql`select 9007199254740991::int8 as n, count(*) as c from note`).toEqual([{ n: 2 ** 53 - 1, c: 0 }]);
  await expect(db.sql`select 9007199254740992::int8`).rejects.toThrow(RangeError);
  expect(await db.sql`select 1 as n`).toEqual([{ n: 1 }]);
});

it('leaves dates and timestamps without a zone as text', async () => {
  expect(await db.sql`select '2026-02-03'::date as d, '2026-02-03 04:05:06'::timestamp as t`).toEqual([
    { d: '2026-02-03', t: '2026-02-03 04:05:06' },
  ]);
});

it('takes and gives bytes, json and arrays of them', async () => {
  const bytes = [Buffer.from([0, 255, 92]), Buffer.from('x')];
  const [row] =
    await db.sql`select ${bytes[0] as Buffer}::bytea as one, ${bytes}::bytea[] as many, ${[true, false]}::boolean[] as flags,
    ${[1, 2]}::int[] as numbers, ${[]}::text[] as none, ${db.sql.json({ a: ['"', null] })} as doc, ${[0, 1]}::timestamptz[] as times`;
  expect(row).toEqual({
    one: bytes[0],
    many: bytes,
    flags: [true, false],
    numbers: [1, 2],
    none: [],
    doc: { a: ['"', null] },
    times: [0, 1],
  });
});

it('refuses what is no json and no bytes without losing the order of answers', async () => {
  const single = open(database.url, { poolSize: 1 });
  await expect(single.sql`select ${single.sql.json(1n)}`).rejects.toThrow(TypeError);
  await expect(single.sql`select ${single.sql.json(undefined)}`).rejects.toThrow(TypeError);
  await expect(single.sql`select ${5}::bytea`).rejects.toMatchObject({ sqlState: '22023' });
  await expect(single.sql`select ${5}::text[]`).rejects.toThrow();
  expect(await Promise.all([1, 2, 3].map((n) => single.sql`select ${n}::int as n`))).toEqual([
    [{ n: 1 }],
    [{ n: 2 }],
    [{ n: 3 }],
  ]);
  await single.close();
});

it('finds the cursor key that the migration made', async () => {
  const key = await loadCursorKey(db);
  expect(key).toHaveLength(32);
  expect(await loadCursorKey(db)).toEqual(key);
});

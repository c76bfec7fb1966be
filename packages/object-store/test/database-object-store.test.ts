import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import { createTestDatabase, type TestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabaseObjectStore } from '../src/index.ts';
import { objectStoreContract } from './object-store-contract.ts';
import { openTcpGate, type TcpGate } from './tcp-gate.ts';

const migrations = [{ schema: 'objecttest', folder: fileURLToPath(new URL('fixtures/object', import.meta.url)) }];

const scope = 't:acme' as ScopeId;
const key = 'a'.repeat(64);

let database: TestDatabase;
let gate: TcpGate;
/** The service's own role, through the gate. */
let db: Database;
/** The owner of the tables, whom no policy binds. */
let owner: Database;

const open = (url: URL, role: string): Database =>
  openDatabase({
    url: url.href,
    role,
    schema: 'objecttest',
    applicationName: 'objecttest',
    poolSize: 4,
    statementTimeoutMs: 5_000,
  });

beforeAll(async () => {
  database = await createTestDatabase({ migrations });
  const url = new URL(database.url);
  gate = await openTcpGate({ host: url.hostname, port: Number(url.port === '' ? 5432 : url.port) });
  owner = open(url, decodeURIComponent(url.username));
  db = open(Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(gate.port) }), 'scaivault_objecttest');
});

afterAll(async () => {
  await db.close();
  await owner.close();
  await gate.shut();
  await database.drop();
});

objectStoreContract('a database', async () => ({
  open: async () => createDatabaseObjectStore(db),
  answersWithinMs: 3_000,
  outage: { begin: gate.shut, end: gate.open },
  dispose: async () => {
    await owner.sql`delete from object`;
  },
}));

describe('objects in a database', () => {
  interface Place {
    readonly created_at: number;
    /** Where the large value lies outside of its row. */
    readonly chunk: number;
  }
  const place = async (): Promise<Place> => {
    const [row] = await owner.sql<Place[]>`
      select created_at, pg_column_toast_chunk_id(bytes)::int8 as chunk from object where key = ${key}`;
    if (row === undefined) throw new Error('There is no such row.');
    return row;
  };

  it('are made young again by a second put, which does not write their bytes again', async () => {
    const store = createDatabaseObjectStore(db);
    const bytes = randomBytes(100_000);
    await store.put(scope, key, bytes);
    const first = await place();
    await store.put(scope, key, bytes);
    const second = await place();
    expect(second.created_at).toBeGreaterThan(first.created_at);
    expect(second.chunk).toBe(first.chunk);
    await owner.sql`delete from object`;
  });

  it('cannot be used without their table, and the health report says so', async () => {
    const store = createDatabaseObjectStore(db);
    await owner.sql`alter table object rename to elsewhere`;
    await expect(store.check()).rejects.toMatchObject({ sqlState: '42P01' });
    await owner.sql`alter table elsewhere rename to object`;
    await store.check();
  });

  it('leave the database open when their store is closed', async () => {
    await createDatabaseObjectStore(db).close();
    await db.ping();
  });
});

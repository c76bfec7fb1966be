import { createIdempotencyTable, type Database, type IdempotencyTable, openDatabase, type Sql } from '@scaivault/db';
import { idempotencyFixture } from '@scaivault/db/idempotency-fixture';
import { createTestDatabase, createTestKeySeal, type TestKeySeal } from '@scaivault/testkit';
import { createIdempotency, type Idempotency } from '../../src/index.ts';

export interface OpenMemory extends AsyncDisposable {
  readonly db: Database;
  /** A session that row-level security does not bind, to look at rows and to let time pass in them. */
  readonly owner: Sql;
  readonly table: IdempotencyTable;
  readonly seal: TestKeySeal;
  readonly idempotency: Idempotency;
}

/** A memory for Idempotency-Keys on a table of its own; what `change` puts in the table's place stands in front of it. */
export const openMemory = async (
  change: (table: IdempotencyTable) => IdempotencyTable = (table) => table,
): Promise<OpenMemory> => {
  const database = await createTestDatabase({ migrations: [idempotencyFixture] });
  const open = (role: string): Database =>
    openDatabase({
      url: database.url,
      role,
      schema: idempotencyFixture.schema,
      applicationName: 'idempotency-test',
      poolSize: 4,
      statementTimeoutMs: 5_000,
    });
  const db = open('scaivault_dbtest');
  const owner = open(new URL(database.url).username);
  const table = change(createIdempotencyTable(db));
  const seal = createTestKeySeal();
  const idempotency = createIdempotency({ table, seal, config: { REQUEST_TIMEOUT: 30_000, RPC_TIMEOUT: 10_000 } });
  return {
    db,
    owner: owner.sql,
    table,
    seal,
    idempotency,
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await owner.close();
      await database.drop();
    },
  };
};

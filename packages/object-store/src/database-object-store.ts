import type { Database } from '@scaivault/db';
import { checkAddress } from './check-address.ts';
import type { ObjectStore } from './object-store.ts';
import { createRunningCalls } from './running-calls.ts';

/**
 * Objects in the database of the service that uses them, for installations without a bucket. Expects the table `object
 * (scope_id, key, bytes, created_at)` of the README in that service's schema, under row-level security by scope. Putting
 * an object again makes it young again, as a bucket does. The database stays the caller's, who closes it.
 */
export const createDatabaseObjectStore = (db: Pick<Database, 'sql' | 'withScope'>): ObjectStore => {
  const calls = createRunningCalls();
  return {
    put: (scopeId, key, bytes) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        await db.withScope(
          scopeId,
          (tx) => tx`
            insert into object (scope_id, key, bytes) values (${scopeId}, ${key}, ${bytes})
            on conflict (scope_id, key) do update set created_at = excluded.created_at`,
        );
      }),

    get: (scopeId, key) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        const [row] = await db.withScope(
          scopeId,
          (tx) => tx<{ bytes: Buffer }[]>`select bytes from object where scope_id = ${scopeId} and key = ${key}`,
        );
        return row?.bytes;
      }),

    delete: (scopeId, key) =>
      calls.run(async () => {
        checkAddress(scopeId, key);
        await db.withScope(scopeId, (tx) => tx`delete from object where scope_id = ${scopeId} and key = ${key}`);
      }),

    check: () =>
      calls.run(async () => {
        // Reads nothing, and fails when the table is missing or not ours to read.
        await db.sql`select from object limit 0`;
      }),

    close: calls.close,
  };
};

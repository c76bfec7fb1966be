import type { KeyRecord, KeyStore } from '@scaivault/crypto';
import { createGroupReads, type Database, type SqlTag } from '@scaivault/db';

const keyColumns = (sql: SqlTag) => sql`
  k.id as "id", k.scope_id as "scopeId", k.level as "level", k.generation as "generation", k.wrapped as "wrapped",
  k.wrapped_by as "wrappedBy", k.status as "status"`;

/** True when a key of any scope is stored, so that a root key must exist. */
export const holdsKeys = async ({ sql }: Pick<Database, 'sql'>): Promise<boolean> => {
  const [row] = await sql<{ held: boolean }[]>`select holds_keys() as "held"`;
  return row?.held === true;
};

/** Wrapped partner and tenant keys in PostgreSQL. */
export const createKeyVersionTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): KeyStore => {
  const readCurrent = createGroupReads<'active', KeyRecord>({
    nameOf: (key) => key,
    read: (owner) => sql<KeyRecord[]>`select ${keyColumns(sql)} from active_key(${owner}) as k`,
  });
  const current = (owner: KeyRecord['scopeId']): Promise<KeyRecord | undefined> => readCurrent(owner, 'active');

  return {
    current,

    byId: (owner, id) =>
      withScope(owner, async (tx) => {
        const [row] = await tx<KeyRecord[]>`
          select ${keyColumns(tx)} from key_versions as k where k.scope_id = ${owner} and k.id = ${id}`;
        return row;
      }),

    async insertFirst({ id, scopeId: owner, level, generation, wrapped, wrappedBy, status }) {
      await withScope(owner, async (tx) => {
        await tx`
          insert into key_versions (scope_id, id, level, generation, wrapped, wrapped_by, status)
          values (${owner}, ${id}, ${level}, ${generation}, ${wrapped}, ${wrappedBy}, ${status})
          on conflict do nothing`;
      });
      const winner = await current(owner);
      if (winner === undefined) throw new Error(`The scope ${owner} has key versions and none of them is active.`);
      return winner;
    },
  };
};

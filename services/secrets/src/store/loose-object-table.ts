import type { Database, Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { ClaimedObject, LooseObjects } from '../ports.ts';

/**
 * Takes an object out of the sweep's reach in the transaction that names it; false when the sweep has it already, so
 * that it may be gone.
 */
export const adoptObject = async (tx: Tx, owner: ScopeId, key: string): Promise<boolean> => {
  const { count } = await tx`delete from loose_object where scope_id = ${owner} and key = ${key} and claim = 0`;
  return count === 1;
};

/** Objects that no version names. */
export const createLooseObjectTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): LooseObjects => ({
  add: async (owner, key, dueAtMicros) => {
    await withScope(owner, async (tx) => {
      await tx`insert into loose_object (scope_id, key, due_at) values (${owner}, ${key}, ${dueAtMicros})`;
    });
  },
  claim: async (nowMicros, leaseSeconds, limit) =>
    await sql<ClaimedObject[]>`
      select scope_id as "scopeId", key, claim
      from claim_loose_objects(${nowMicros}, make_interval(secs => ${leaseSeconds}), ${limit})`,
  remove: async ({ scopeId: owner, key, claim }) => {
    await withScope(owner, async (tx) => {
      await tx`delete from loose_object where scope_id = ${owner} and key = ${key} and claim = ${claim}`;
    });
  },
});

import { type Database, isForeignKeyViolation } from '@scaivault/db';
import type { SecretPolicyStore } from '../ports.ts';
import { clearReferences, countReferences } from './secret-policy-references.ts';
import {
  deleteSecretPolicy,
  insertSecretPolicy,
  lockSecretPolicy,
  selectSecretPolicies,
  selectSecretPolicy,
  updateSecretPolicy,
} from './secret-policy-table.ts';

/** References counted for an answer, and cleared in one transaction. */
const most = 1000;
/** Each clears a thousand references of either scope; what is left then was attached meanwhile. */
const mostRounds = 1000;

/** Row-level security shows a transaction one scope only, so the secrets of the partner have one of their own. */
const createRemoveOnce =
  (db: Pick<Database, 'withScope'>): SecretPolicyStore['remove'] =>
  async (owner, id, { partner, force, nowMicros, goneSinceMicros }) => {
    const policy = { scopeId: owner, id };
    // Secrets that nobody can restore any more refer to nothing, though the sweep has not erased them yet.
    const cleared = { most, nowMicros, ...(force ? {} : { goneSinceMicros }) };
    const shared = await db.withScope(partner, async (tx) => {
      await clearReferences(tx, partner, policy, cleared);
      return await countReferences(tx, partner, policy, { most, goneSinceMicros });
    });
    const remove = db.withScope(owner, async (tx) => {
      // Secrets first and the policy behind them, as whoever attaches one locks them.
      await clearReferences(tx, owner, policy, cleared);
      if ((await lockSecretPolicy(tx, owner, id)) === undefined) return undefined;
      const references = shared + (await countReferences(tx, owner, policy, { most, goneSinceMicros }));
      if (references === 0) await deleteSecretPolicy(tx, owner, id);
      return Math.min(references, most);
    });
    return await remove.catch((error: unknown) => {
      // One that was attached meanwhile.
      if (isForeignKeyViolation(error, 'secret_by_policy')) return 1;
      throw error;
    });
  };

/** Secret policies in PostgreSQL. */
export const createSecretPolicyStore = (db: Pick<Database, 'withScope'>): SecretPolicyStore => {
  const removeOnce = createRemoveOnce(db);
  return {
    find: (owner, id) => db.withScope(owner, (tx) => selectSecretPolicy(tx, owner, id)),

    list: (owner, page) => db.withScope(owner, (tx) => selectSecretPolicies(tx, owner, page)),

    insert: (owner, policy, once) =>
      db.withScope(owner, async (tx) => {
        await insertSecretPolicy(tx, owner, policy);
        await once?.commit(tx);
      }),

    change: (owner, id, edit) =>
      db.withScope(owner, async (tx) => {
        const current = await lockSecretPolicy(tx, owner, id);
        if (current === undefined) return undefined;
        const changed = edit(current);
        await updateSecretPolicy(tx, owner, changed);
        return changed;
      }),

    async remove(owner, id, options) {
      let references = await removeOnce(owner, id, options);
      for (let round = 1; options.force && round < mostRounds && references !== undefined && references > 0; round += 1)
        references = await removeOnce(owner, id, options);
      return references;
    },
  };
};

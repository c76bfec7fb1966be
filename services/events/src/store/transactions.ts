import type { Database } from '@scaivault/db';
import type { Transactions } from '../ports.ts';

export const createTransactions = (db: Pick<Database, 'transaction'>): Transactions => ({
  run: (work) => db.transaction(work),
  enter: async (tx, scopeId) => {
    await tx`select set_config('scaivault.scope', ${scopeId}, true)`;
  },
});

import type { Database } from '@scaivault/db';
import type { DueSecrets, SecretPlace } from '../ports.ts';
import { holdSecret } from './held-secret.ts';
import { lockFreeSecret } from './secret-table.ts';

/** Secrets to which something happens by itself, found through the owner's function and changed in their own scope. */
export const createDueSecrets = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): DueSecrets => ({
  find: async (nowMicros, limit) =>
    await sql<SecretPlace[]>`select scope_id as "scopeId", path from due_secrets(${nowMicros}, ${limit})`,

  holdFree: ({ scopeId, path }, work) =>
    withScope(scopeId, async (tx) => {
      const facts = await lockFreeSecret(tx, scopeId, path);
      if (facts !== undefined) await work(holdSecret(tx, scopeId, path, facts));
    }),
});

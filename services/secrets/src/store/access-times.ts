import type { Database } from '@scaivault/db';
import type { AccessTimes } from '../ports.ts';

/** The column secret.last_accessed_at. */
export const createAccessTimes = ({ withScope }: Pick<Database, 'withScope'>): AccessTimes => ({
  save: async (owner, accessed) => {
    const paths = accessed.map(({ path }) => path);
    const times = accessed.map(({ atMicros }) => atMicros);
    // Not as a single statement: it may wait for rows that others hold, and reads would wait behind it.
    await withScope(owner, (tx) => tx`select save_accesses(${owner}, ${paths}::text[], ${times}::timestamptz[])`);
  },
});

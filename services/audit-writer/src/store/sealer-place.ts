import type { Database } from '@scaivault/db';
import type { SealerPlace } from '../ports.ts';

/** The one row of `sealer`. Its times are the database's own; one further ahead than any holder asks for is from before its clock was set. */
export const createSealerPlace = (db: Pick<Database, 'sql'>): SealerPlace => ({
  take: async (holder, holdMs) => {
    const [row] = await db.sql<{ fence: number }[]>`
      update sealer set
        fence = case when holder = ${holder} then fence else fence + 1 end,
        holder = ${holder},
        held_until = now() + ${holdMs}::bigint * interval '1 millisecond'
      where holder = ${holder} or held_until <= now()
        or held_until > now() + 2 * ${holdMs}::bigint * interval '1 millisecond'
      returning fence`;
    return row?.fence;
  },

  leave: async (holder) => {
    await db.sql`update sealer set held_until = '-infinity' where holder = ${holder}`;
  },
});

import type { Database } from '@scaivault/db';
import type { Quarantine } from '../ports.ts';

/** The table `quarantine`. */
export const createQuarantineTable = (db: Pick<Database, 'sql'>): Quarantine => ({
  keep: async (records) => {
    await db.sql`
      insert into quarantine (digest, reason, record)
      select sha256(r.record), r.reason, r.record
      from unnest(${records.map(({ reason }) => reason)}::text[], ${records.map(({ bytes }) => bytes)}::bytea[])
        as r (reason, record)
      on conflict do nothing`;
  },
});

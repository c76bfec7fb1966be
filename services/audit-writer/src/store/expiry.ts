import type { Database } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { Expiry } from '../ports.ts';

/** The owner's functions that remove what is not kept; the service itself may remove nothing. */
export const createExpiry = (db: Pick<Database, 'sql'>): Expiry => ({
  find: async (after, most, { defaultDays, nowMicros }) => {
    const rows = await db.sql<{ scopeId: ScopeId; lastSeq: number | null }[]>`
      select scope_id as "scopeId", last_seq as "lastSeq"
      from find_expired(${after}, ${most}::integer, ${defaultDays}::integer, ${nowMicros}::timestamptz)`;
    return rows.map(({ scopeId, lastSeq }) => ({ scopeId, isDue: lastSeq !== null }));
  },

  removeBatch: async (scopeId, { defaultDays, nowMicros }) => {
    const [batch] = await db.sql<{ records: number | null; lastSeq: number | null }[]>`
      select removed as records, last_seq as "lastSeq"
      from remove_expired_batch(${scopeId}, ${defaultDays}::integer, ${nowMicros}::timestamptz)`;
    const { records = null, lastSeq = null } = batch ?? {};
    return records === null || lastSeq === null ? undefined : { records, lastSeq };
  },

  forgetDays: async (most) => {
    const [row] = await db.sql<{ forgotten: number }[]>`select forget_days(${most}::integer) as forgotten`;
    return row?.forgotten ?? 0;
  },

  dropEmptyMonths: async () => {
    const rows = await db.sql<{ month: string }[]>`select month from drop_empty_months() as month`;
    return rows.map(({ month }) => month);
  },
});

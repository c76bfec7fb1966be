import type { Database, SqlTag, Statement } from '@scaivault/db';
import type { RateLimitEntry } from '../domain/rate-limit-entry.ts';
import type { RateLimitStore } from '../ports.ts';

const live = (sql: SqlTag, nowMicros: number): Statement =>
  sql`(expires_at is null or expires_at > ${nowMicros}::timestamptz)`;

/** The table `rate_limit`. */
export const createRateLimitTable = (db: Pick<Database, 'withScope' | 'readScope'>): RateLimitStore => ({
  list: (scopeId, nowMicros) => {
    const sql = db.readScope(scopeId);
    return sql<RateLimitEntry[]>`
      select identity_id as "identityId", limits, expires_at as "expiresAtMicros", updated_at as "updatedAtMicros",
        updated_by as "updatedBy"
      from rate_limit where scope_id = ${scopeId} and ${live(sql, nowMicros)}
      order by identity_id`;
  },

  put: (scopeId, entry, most, once) =>
    db.withScope(scopeId, async (tx) => {
      await tx`delete from rate_limit where scope_id = ${scopeId} and not ${live(tx, entry.updatedAtMicros)}`;
      const [others] = await tx<{ count: number }[]>`
        select count(*) from rate_limit where scope_id = ${scopeId} and identity_id <> ${entry.identityId}`;
      if ((others?.count ?? 0) >= most) return false;
      await tx`
        insert into rate_limit (scope_id, identity_id, limits, expires_at, updated_at, updated_by)
        values (${scopeId}, ${entry.identityId}, ${tx.json(entry.limits)}, ${entry.expiresAtMicros},
          ${entry.updatedAtMicros}, ${entry.updatedBy})
        on conflict (scope_id, identity_id) do update set limits = excluded.limits, expires_at = excluded.expires_at,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by`;
      await once?.commit(tx);
      return true;
    }),

  remove: (scopeId, identityId, nowMicros) =>
    db.withScope(scopeId, async (tx) => {
      const { count } = await tx`
        delete from rate_limit
        where scope_id = ${scopeId} and identity_id = ${identityId} and ${live(tx, nowMicros)}`;
      return count > 0;
    }),
});

import type { Database } from '@scaivault/db';
import type { SettingsStore } from '../ports.ts';

/** The table `settings`. */
export const createSettingsTable = (db: Pick<Database, 'withScope'>): SettingsStore => ({
  read: (scopeId) =>
    db.withScope(scopeId, async (tx) => {
      const [found] = await tx<{ retentionDays: number }[]>`
        select retention_days as "retentionDays" from settings where scope_id = ${scopeId}`;
      return found;
    }),

  put: (scopeId, { retentionDays, updatedAtMicros, updatedBy }, once) =>
    db.withScope(scopeId, async (tx) => {
      await tx`
        insert into settings (scope_id, retention_days, updated_at, updated_by)
        values (${scopeId}, ${retentionDays}, ${updatedAtMicros}, ${updatedBy})
        on conflict (scope_id) do update set retention_days = excluded.retention_days,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by`;
      await once?.commit(tx);
    }),
});

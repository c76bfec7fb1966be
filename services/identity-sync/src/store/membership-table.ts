import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';

/** Writes that the subject is in the group or is not any more; false when something later is known. */
export const putMembership = async (
  tx: Tx,
  scopeId: ScopeId,
  row: {
    readonly groupId: string;
    readonly subjectId: string;
    readonly present: boolean;
    readonly atMicros: number;
    readonly nowMicros: number;
  },
): Promise<boolean> => {
  const { count } = await tx`
    insert into membership as known (scope_id, group_id, subject_id, present, source_time, synced_at)
    values (${scopeId}, ${row.groupId}, ${row.subjectId}, ${row.present}, ${row.atMicros}, ${row.nowMicros})
    on conflict (scope_id, group_id, subject_id) do update
      set present = excluded.present, source_time = excluded.source_time, synced_at = excluded.synced_at
      where known.source_time <= excluded.source_time`;
  return count === 1;
};

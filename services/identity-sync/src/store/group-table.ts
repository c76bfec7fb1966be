import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { GroupEntry, GroupProfile } from '../domain/group-entry.ts';
import { identityString } from '../domain/identity-string.ts';

type Row = GroupProfile & Omit<GroupEntry, 'profile'>;

/** Makes sure that there is a row, a stub if need be. */
export const ensureGroup = async (tx: Tx, scopeId: ScopeId, groupId: string, nowMicros: number): Promise<void> => {
  await tx`insert into group_ (scope_id, subject_id, synced_at) values (${scopeId}, ${groupId}, ${nowMicros})
    on conflict do nothing`;
};

/** Writes what `edit` makes of the row, which is locked meanwhile; false when it has no news. */
export const changeGroup = async (
  tx: Tx,
  scopeId: ScopeId,
  groupId: string,
  edit: (current: GroupEntry) => GroupEntry | undefined,
  nowMicros: number,
): Promise<boolean> => {
  await ensureGroup(tx, scopeId, groupId, nowMicros);
  const [row] = await tx<Row[]>`
    select name, profile_time as "profileAtMicros", status, status_time as "statusAtMicros",
      memberships_void_until as "membershipsVoidUntilMicros"
    from group_ where scope_id = ${scopeId} and subject_id = ${groupId} for no key update`;
  if (row === undefined) throw new Error('The group is gone inside its own transaction.');
  const { name, ...rest } = row;
  const changed = edit({ ...rest, profile: { name } });
  if (changed === undefined) return false;
  await tx`
    update group_ set name = ${changed.profile.name}, identity_id = ${identityString('group', changed.profile.name)},
      profile_time = ${changed.profileAtMicros}, status = ${changed.status}, status_time = ${changed.statusAtMicros},
      memberships_void_until = ${changed.membershipsVoidUntilMicros}, synced_at = ${nowMicros}
    where scope_id = ${scopeId} and subject_id = ${groupId}`;
  return true;
};

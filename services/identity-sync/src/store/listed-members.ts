import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { ListedMembership } from '../domain/read-listed.ts';
import { ensureGroup } from './group-table.ts';
import { ensureIdentity } from './identity-table.ts';

interface Times {
  readonly listingAtMicros: number;
  readonly readAtMicros: number;
  readonly nowMicros: number;
}

interface Known {
  readonly subjectId: string;
  /** Present, and no deletion of either side came after. */
  readonly counts: boolean;
  readonly inherited: boolean;
  readonly addedAtMicros: number | null;
}

const selectKnown = async (
  tx: Tx,
  scopeId: ScopeId,
  groupId: string,
  ids: readonly string[],
): Promise<Map<string, Known>> => {
  const rows = await tx<Known[]>`
    select m.subject_id as "subjectId", m.inherited, m.added_at as "addedAtMicros",
      m.present and m.source_time > i.memberships_void_until and m.source_time > g.memberships_void_until as counts
    from membership m
    join identity i on i.scope_id = m.scope_id and i.subject_id = m.subject_id
    join group_ g on g.scope_id = m.scope_id and g.subject_id = m.group_id
    where m.scope_id = ${scopeId} and m.group_id = ${groupId} and m.subject_id = any(${ids}::text[])
    order by m.subject_id for no key update of m`;
  return new Map(rows.map((row) => [row.subjectId, row]));
};

/** Writes members of a group; how many were none before. What was written since the listing began stays as it is. */
export const putListedMembers = async (
  tx: Tx,
  scopeId: ScopeId,
  groupId: string,
  members: readonly ListedMembership[],
  { listingAtMicros, readAtMicros, nowMicros }: Times,
): Promise<number> => {
  const sorted = members.toSorted((one, other) => (one.subjectId < other.subjectId ? -1 : 1));
  for (const { subjectId } of sorted) await ensureIdentity(tx, scopeId, subjectId, nowMicros);
  await ensureGroup(tx, scopeId, groupId, nowMicros);
  const known = await selectKnown(
    tx,
    scopeId,
    groupId,
    sorted.map(({ subjectId }) => subjectId),
  );
  const same: string[] = [];
  let added = 0;
  for (const { subjectId, inherited, addedAtMicros } of sorted) {
    const row = known.get(subjectId);
    if (row?.counts) same.push(subjectId);
    if (row?.counts && row.inherited === inherited && row.addedAtMicros === addedAtMicros) continue;
    // A membership that counts keeps its time: it is no news to anybody.
    const { count } = await tx`
      insert into membership as known
        (scope_id, group_id, subject_id, present, source_time, synced_at, added_at, inherited)
      values (${scopeId}, ${groupId}, ${subjectId}, true, ${readAtMicros}, ${nowMicros}, ${addedAtMicros}, ${inherited})
      on conflict (scope_id, group_id, subject_id) do update
        set present = true, synced_at = excluded.synced_at, added_at = excluded.added_at, inherited = excluded.inherited,
          source_time = case when ${row?.counts === true} then known.source_time
            else greatest(known.source_time, excluded.source_time) end
        where known.present or known.synced_at < ${listingAtMicros}::timestamptz`;
    if (count === 1 && row?.counts !== true) added += 1;
  }
  await tx`
    update membership set synced_at = ${nowMicros}
    where scope_id = ${scopeId} and group_id = ${groupId} and subject_id = any(${same}::text[])`;
  return added;
};

const unseen = (tx: Tx, scopeId: ScopeId, groupId: string, listingAtMicros: number) => tx`
  scope_id = ${scopeId} and group_id = ${groupId} and present and synced_at < ${listingAtMicros}::timestamptz`;

/** How many members nothing has told of since the listing began. */
export const countUnseenMembers = async (
  tx: Tx,
  scopeId: ScopeId,
  groupId: string,
  listingAtMicros: number,
): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*)::integer as count from membership where ${unseen(tx, scopeId, groupId, listingAtMicros)}`;
  return row?.count ?? 0;
};

/** Ends those memberships; how many. */
export const removeUnseenMembers = async (
  tx: Tx,
  scopeId: ScopeId,
  groupId: string,
  { listingAtMicros, readAtMicros, nowMicros }: Times,
): Promise<number> => {
  const { count } = await tx`
    update membership set present = false, source_time = greatest(source_time, ${readAtMicros}::timestamptz),
      synced_at = ${nowMicros}
    where ${unseen(tx, scopeId, groupId, listingAtMicros)}`;
  return count;
};

import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { Change } from '../domain/change.ts';
import { type Entry, mergeEntry, never } from '../domain/entry.ts';
import { mergeGroup } from '../domain/group-entry.ts';
import { mergeIdentity } from '../domain/identity-entry.ts';
import type { Listed } from '../domain/read-listed.ts';
import { changeGroup } from './group-table.ts';
import { changeIdentity } from './identity-table.ts';
import { changePartner } from './partner-table.ts';
import { changeTenant } from './tenant-table.ts';

export type PutResult = 'created' | 'updated' | 'unchanged';

/** The scope that a change lies in. */
export const scopeOfChange = (change: Change): ScopeId =>
  (change.kind === 'partner' ? `p:${change.partnerId}` : `t:${change.tenantId}`) as ScopeId;

/** Without the times, which rise without anything having changed. */
const contentOf = (entry: object) =>
  Object.fromEntries(Object.entries(entry).filter(([field]) => !field.endsWith('AtMicros')));

/** Merges one row of a list like an event of its time, and marks the row as seen. */
export const putListed = async (
  tx: Tx,
  scopeId: ScopeId,
  { change, atMicros }: Listed,
  nowMicros: number,
): Promise<PutResult> => {
  let result: PutResult = 'unchanged';
  const noting =
    <Row extends Entry<object>>(merge: (current: Row) => Row | undefined) =>
    (current: Row): Row | undefined => {
      const merged = merge(current);
      if (merged === undefined || isDeepStrictEqual(merged, current)) return undefined;
      if (current.profileAtMicros === never) result = 'created';
      else if (!isDeepStrictEqual(contentOf(merged), contentOf(current))) result = 'updated';
      return merged;
    };
  switch (change.kind) {
    case 'partner':
      await changePartner(
        tx,
        scopeId,
        change.partnerId,
        noting((row) => mergeEntry(row, change.facts, atMicros)),
        nowMicros,
      );
      await tx`update partner set synced_at = ${nowMicros} where scope_id = ${scopeId} and status <> 'DELETED'`;
      break;
    case 'tenant':
      await changeTenant(
        tx,
        scopeId,
        change.tenantId,
        noting((row) => mergeEntry(row, change.facts, atMicros)),
        nowMicros,
      );
      await tx`update tenant set synced_at = ${nowMicros} where scope_id = ${scopeId} and status <> 'DELETED'`;
      break;
    case 'identity':
      await changeIdentity(
        tx,
        scopeId,
        change.subjectId,
        noting((row) => mergeIdentity(row, change.facts, atMicros)),
        nowMicros,
      );
      break;
    case 'group':
      await changeGroup(
        tx,
        scopeId,
        change.groupId,
        noting((row) => mergeGroup(row, change.facts, atMicros)),
        nowMicros,
      );
      break;
    case 'membership':
      throw new Error('Memberships come with the list of their group.');
  }
  return result;
};

/** Marks people and groups as seen; the deleted are left to grow old. */
export const markSeen = async (
  tx: Tx,
  scopeId: ScopeId,
  changes: readonly Change[],
  nowMicros: number,
): Promise<void> => {
  const users = changes.flatMap((change) => (change.kind === 'identity' ? [change.subjectId] : []));
  const groups = changes.flatMap((change) => (change.kind === 'group' ? [change.groupId] : []));
  if (users.length > 0) {
    await tx`update identity set synced_at = ${nowMicros}
      where scope_id = ${scopeId} and subject_id = any(${users}::text[]) and status <> 'DELETED'`;
  }
  if (groups.length > 0) {
    await tx`update group_ set synced_at = ${nowMicros}
      where scope_id = ${scopeId} and subject_id = any(${groups}::text[]) and status <> 'DELETED'`;
  }
};

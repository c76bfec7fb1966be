import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import { mostListed } from '../domain/page-window.ts';
import { platformScope, sightScope } from '../domain/sight.ts';
import type { Unseen, UnseenPlace } from '../ports.ts';
import { countUpTo } from './count-up-to.ts';

/** The scope in which the rows of a place are seen. */
export const scopeOfPlace = (place: UnseenPlace): ScopeId => {
  if ('tenantId' in place) return `t:${place.tenantId}` as ScopeId;
  return place.range.kind === 'everything' ? platformScope : sightScope(place.range);
};

const rowsOf = (tx: Tx, place: UnseenPlace) => {
  switch (place.kind) {
    case 'users':
      return tx`from identity where scope_id = ${scopeOfPlace(place)} and status <> 'DELETED'`;
    case 'groups':
      return tx`from group_ where scope_id = ${scopeOfPlace(place)} and status <> 'DELETED'`;
    case 'tenants':
      return place.range.kind === 'everything'
        ? tx`from tenant where status <> 'DELETED'`
        : tx`from tenant where status <> 'DELETED' and partner_id = ${place.range.partnerId}`;
    case 'partners':
      return tx`from partner where status <> 'DELETED'`;
  }
};

/** Ids of living rows that nothing has told of since that time, with how many those are and how many live at all. */
export const selectUnseen = async (
  tx: Tx,
  place: UnseenPlace,
  listedAtMicros: number,
  most: number,
): Promise<Unseen> => {
  const id = tx(place.kind === 'users' || place.kind === 'groups' ? 'subject_id' : 'id');
  const unseen = tx`${rowsOf(tx, place)} and synced_at < ${listedAtMicros}::timestamptz`;
  const rows = await tx<{ id: string }[]>`select ${id} as id ${unseen} order by 1 limit ${most}`;
  if (rows.length === 0) return { ids: [], missing: 0, living: 0 };
  return {
    ids: rows.map((row) => row.id),
    missing: await countUpTo(tx, mostListed, tx`select 1 ${unseen}`),
    living: await countUpTo(tx, mostListed, tx`select 1 ${rowsOf(tx, place)}`),
  };
};

/**
 * Soft-deletes one row, unless something has told of it by now. Its state gets the time of the last news of it, so that
 * whatever ScaiKey should say of it later counts; its memberships end with the look that did not find it.
 */
export const deleteUnseen = async (
  tx: Tx,
  kind: UnseenPlace['kind'],
  scopeId: ScopeId,
  id: string,
  at: { readonly listedAtMicros: number; readonly readAtMicros: number; readonly nowMicros: number },
): Promise<boolean> => {
  const set = tx`status = 'DELETED', status_time = greatest(status_time, profile_time), synced_at = ${at.nowMicros}`;
  const still = tx`status <> 'DELETED' and synced_at < ${at.listedAtMicros}::timestamptz`;
  const voided = tx`memberships_void_until = greatest(memberships_void_until, status_time, ${at.readAtMicros}::timestamptz)`;
  switch (kind) {
    case 'users':
      return (
        (
          await tx`update identity set ${set}, ${voided} where scope_id = ${scopeId} and subject_id = ${id} and ${still}`
        ).count === 1
      );
    case 'groups':
      return (
        (await tx`update group_ set ${set}, ${voided} where scope_id = ${scopeId} and subject_id = ${id} and ${still}`)
          .count === 1
      );
    case 'tenants':
      return (await tx`update tenant set ${set} where scope_id = ${scopeId} and ${still}`).count === 1;
    case 'partners':
      return (await tx`update partner set ${set} where scope_id = ${scopeId} and ${still}`).count === 1;
  }
};

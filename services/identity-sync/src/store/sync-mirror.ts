import type { Database, Tx } from '@scaivault/db';
import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import type { Listed } from '../domain/read-listed.ts';
import { sightScope } from '../domain/sight.ts';
import type { GroupPlace, HeldRun, SyncMirror, UnseenPlace } from '../ports.ts';
import { holdRun } from './hold-run.ts';
import { countUnseenMembers, putListedMembers, removeUnseenMembers } from './listed-members.ts';
import { markSeen, putListed, scopeOfChange } from './put-listed.ts';
import { selectTenantScopes } from './tenant-table.ts';
import { deleteUnseen, scopeOfPlace, selectUnseen } from './unseen.ts';

const tenantScopeId = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;

const byScope = (listed: readonly Listed[]): Map<ScopeId, Listed[]> =>
  Map.groupBy(listed, ({ change }) => scopeOfChange(change));

const idOf = ({ change }: Listed): string => {
  if (change.kind === 'identity') return change.subjectId;
  return change.kind === 'group' ? change.groupId : '';
};

/** The tables as a sync writes them. Rows of a scope are taken in the order of their ids, so that two cannot deadlock. */
export const createSyncMirror = (db: Pick<Database, 'withScope'>): SyncMirror => {
  const held = <Result>(run: HeldRun, scopeId: ScopeId, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
    db.withScope(scopeId, async (tx) => {
      await holdRun(tx, run);
      return await work(tx);
    });
  const inGroup = ({ tenantId }: GroupPlace): ScopeId => tenantScopeId(tenantId);

  /** A partner's state counts in all its tenants. */
  const scopesConcerned = async (scopeId: ScopeId): Promise<readonly ScopeId[]> => {
    if (!scopeId.startsWith('p:')) return [scopeId];
    const partnerId = scopeId.slice('p:'.length) as PartnerId;
    return await db.withScope(scopeId, async (tx) => [scopeId, ...(await selectTenantScopes(tx, partnerId))]);
  };

  /** Partners and tenants are scopes of their own; people and groups lie in that of their tenant. */
  const rowScope = (place: UnseenPlace, id: string): ScopeId => {
    if (place.kind === 'partners') return `p:${id}` as ScopeId;
    return place.kind === 'tenants' ? tenantScopeId(id as TenantId) : scopeOfPlace(place);
  };

  return {
    put: async (run, listed, nowMicros) => {
      const counted = { created: 0, updated: 0 };
      const changedScopes: ScopeId[] = [];
      for (const [scopeId, rows] of byScope(listed)) {
        const results = await held(run, scopeId, async (tx) => {
          const found = [];
          const sorted = rows.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
          for (const row of sorted) found.push(await putListed(tx, scopeId, row, nowMicros));
          await markSeen(
            tx,
            scopeId,
            rows.map(({ change }) => change),
            nowMicros,
          );
          return found;
        });
        counted.created += results.filter((result) => result === 'created').length;
        counted.updated += results.filter((result) => result === 'updated').length;
        if (results.some((result) => result !== 'unchanged')) changedScopes.push(...(await scopesConcerned(scopeId)));
      }
      return { ...counted, changedScopes };
    },

    putMembers: async (run, place, members, at) => {
      const created = await held(run, inGroup(place), (tx) =>
        putListedMembers(tx, inGroup(place), place.groupId, members, at),
      );
      return { created, updated: 0, changedScopes: created > 0 ? [inGroup(place)] : [] };
    },

    countUnseenMembers: (place, listingAtMicros) =>
      db.withScope(inGroup(place), (tx) => countUnseenMembers(tx, inGroup(place), place.groupId, listingAtMicros)),

    removeUnseenMembers: (run, place, at) =>
      held(run, inGroup(place), (tx) => removeUnseenMembers(tx, inGroup(place), place.groupId, at)),

    groupsAfter: (tenantId, groupId, most) =>
      db.withScope(tenantScopeId(tenantId), async (tx) => {
        const rows = await tx<{ id: string }[]>`
          select subject_id as id from group_
          where scope_id = ${tenantScopeId(tenantId)} and subject_id > ${groupId} and status <> 'DELETED'
            and identity_id is not null
          order by subject_id limit ${most}`;
        return rows.map(({ id }) => id);
      }),

    tenantsAfter: (range, scope, most) =>
      db.withScope(sightScope(range), async (tx) => {
        const ofPartner = range.kind === 'partner' ? tx`and partner_id = ${range.partnerId}` : tx``;
        const rows = await tx<{ id: TenantId }[]>`
          select id from tenant
          where scope_id > ${scope} and status <> 'DELETED' and partner_id is not null ${ofPartner}
          order by scope_id limit ${most}`;
        return rows.map(({ id }) => id);
      }),

    unseen: (place, listedAtMicros, most) =>
      db.withScope(scopeOfPlace(place), (tx) => selectUnseen(tx, place, listedAtMicros, most)),

    removeUnseen: async (run, place, ids, at) => {
      let removed = 0;
      for (const id of ids) {
        const scopeId = rowScope(place, id);
        if (await held(run, scopeId, (tx) => deleteUnseen(tx, place.kind, scopeId, id, at))) removed += 1;
      }
      return removed;
    },
  };
};

import type { Database, Tx } from '@scaivault/db';
import type { SystemAudit } from '@scaivault/pipeline';
import { type PartnerId, type ScopeId, type TenantId, tenantOfScope } from '@scaivault/tenancy';
import type { Listed } from '../domain/read-listed.ts';
import { sightScope } from '../domain/sight.ts';
import type { GroupPlace, HeldRun, SyncMirror, UnseenPlace } from '../ports.ts';
import { holdRun } from './hold-run.ts';
import { countUnseenMembers, putListedMembers, removeUnseenMembers } from './listed-members.ts';
import { markSeen, type PutResult, putListed, scopeOfChange } from './put-listed.ts';
import { selectTenantScopes } from './tenant-table.ts';
import { deleteUnseen, scopeOfPlace, selectUnseen } from './unseen.ts';

const tenantScopeId = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;

const byScope = (listed: readonly Listed[]): Map<ScopeId, Listed[]> =>
  Map.groupBy(listed, ({ change }) => scopeOfChange(change));

const idOf = ({ change }: Listed): string => {
  if (change.kind === 'identity') return change.subjectId;
  return change.kind === 'group' ? change.groupId : '';
};

/** What a transaction of a sync has changed. */
interface Changed {
  readonly created?: number;
  readonly updated?: number;
  readonly removed?: number;
}

/**
 * The tables as a sync writes them. Rows of a scope are taken in the order of their ids, so that two cannot deadlock.
 * Each commit that changes something of a tenant leaves a row in its trail; what is a partner's or nobody's is no
 * tenant's.
 */
export const createSyncMirror = (db: Pick<Database, 'withScope'>, audit: Pick<SystemAudit, 'finding'>): SyncMirror => {
  const held = <Result>(run: HeldRun, scopeId: ScopeId, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
    db.withScope(scopeId, async (tx) => {
      await holdRun(tx, run);
      return await work(tx);
    });
  /** The same for a transaction that changes something. */
  const audited = (run: HeldRun, scopeId: ScopeId, work: (tx: Tx) => Promise<Changed>): Promise<Changed> => {
    const tenantId = tenantOfScope(scopeId);
    if (tenantId === undefined) return held(run, scopeId, work);
    return audit.finding({ tenantId, action: 'identity_sync' }, (begin) =>
      held(run, scopeId, async (tx) => {
        const changed = await work(tx);
        const facts = Object.entries(changed).filter(([, count]) => count > 0);
        if (facts.length > 0) await begin({ sync_id: run.id, ...Object.fromEntries(facts) });
        return changed;
      }),
    );
  };
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
        const { created = 0, updated = 0 } = await audited(run, scopeId, async (tx) => {
          const results: PutResult[] = [];
          const sorted = rows.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
          for (const row of sorted) results.push(await putListed(tx, scopeId, row, nowMicros));
          await markSeen(
            tx,
            scopeId,
            rows.map(({ change }) => change),
            nowMicros,
          );
          const countOf = (wanted: PutResult): number => results.filter((result) => result === wanted).length;
          return { created: countOf('created'), updated: countOf('updated') };
        });
        counted.created += created;
        counted.updated += updated;
        if (created + updated > 0) changedScopes.push(...(await scopesConcerned(scopeId)));
      }
      return { ...counted, changedScopes };
    },

    putMembers: async (run, place, members, at) => {
      const { created = 0 } = await audited(run, inGroup(place), async (tx) => ({
        created: await putListedMembers(tx, inGroup(place), place.groupId, members, at),
      }));
      return { created, updated: 0, changedScopes: created > 0 ? [inGroup(place)] : [] };
    },

    countUnseenMembers: (place, listingAtMicros) =>
      db.withScope(inGroup(place), (tx) => countUnseenMembers(tx, inGroup(place), place.groupId, listingAtMicros)),

    removeUnseenMembers: async (run, place, at) => {
      const { removed = 0 } = await audited(run, inGroup(place), async (tx) => ({
        removed: await removeUnseenMembers(tx, inGroup(place), place.groupId, at),
      }));
      return removed;
    },

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
      let total = 0;
      for (const id of ids) {
        const scopeId = rowScope(place, id);
        const { removed = 0 } = await audited(run, scopeId, async (tx) => ({
          removed: (await deleteUnseen(tx, place.kind, scopeId, id, at)) ? 1 : 0,
        }));
        total += removed;
      }
      return total;
    },
  };
};

import { createGroupReads, type Database, type Tx } from '@scaivault/db';
import { type ScopeId, scopeId, type TenantId } from '@scaivault/tenancy';
import type { EventFilters } from '../domain/listener.ts';
import type { Subscription, SubscriptionStatus } from '../domain/subscriptions/subscription.ts';
import type { SubscriptionStore, TenantScope } from '../ports/subscriptions.ts';
import type { ListenerStore } from '../ports.ts';
import { resizeBuffer } from './buffer-table.ts';
import { tellPolls } from './poll-notices.ts';

interface Row extends EventFilters {
  readonly id: string;
  readonly name: string;
  readonly status: SubscriptionStatus;
  readonly ownerTenantId: TenantId;
  readonly ownerSubjectId: string;
  readonly identityType: 'user' | 'service_account';
  readonly identityId: string;
  readonly paths: readonly string[];
  readonly events: readonly string[];
  readonly bufferSize: number;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
}

const noFilters: EventFilters = { pathPrefix: null, secretType: null, tags: null };

const filtersOf = ({ pathPrefix, secretType, tags }: EventFilters): EventFilters | null =>
  pathPrefix === null && secretType === null && tags === null ? null : { pathPrefix, secretType, tags };

const subscriptionOf = (row: Row): Subscription => ({
  id: row.id,
  name: row.name,
  status: row.status,
  owner: {
    tenantId: row.ownerTenantId,
    subjectId: row.ownerSubjectId,
    identityType: row.identityType,
    identityId: row.identityId,
  },
  paths: row.paths,
  events: row.events,
  filters: filtersOf(row),
  delivery: { type: 'polling', bufferSize: row.bufferSize },
  createdAtMicros: row.createdAtMicros,
  updatedAtMicros: row.updatedAtMicros,
});

const select = (tx: Tx) => tx`
  select s.id, s.name, s.status, s.owner_tenant_id as "ownerTenantId", s.owner_subject_id as "ownerSubjectId",
    s.identity_type as "identityType", s.identity_id as "identityId", l.paths, l.events, l.path_prefix as "pathPrefix",
    l.secret_type as "secretType", l.tags, b.size as "bufferSize", s.created_at as "createdAtMicros",
    s.updated_at as "updatedAtMicros"
  from subscription s
  join listener l on l.scope_id = s.scope_id and l.id = s.id
  left join buffer b on b.scope_id = s.scope_id and b.subscription_id = s.id`;

const hold = async (tx: Tx, scope: ScopeId, id: string): Promise<Subscription | undefined> => {
  const [row] = await tx<Row[]>`${select(tx)} where s.scope_id = ${scope} and s.id = ${id} for update of s`;
  return row === undefined ? undefined : subscriptionOf(row);
};

/** The tables `subscription` and `listener`, with the buffer that belongs to a polling subscription. */
export const createSubscriptionTable = ({
  db,
  listeners,
}: {
  readonly db: Pick<Database, 'withScope'>;
  readonly listeners: Pick<ListenerStore, 'put' | 'remove'>;
}): SubscriptionStore => {
  const putListener = async (tx: Tx, scope: TenantScope, subscription: Subscription): Promise<void> => {
    const { id, events, paths, filters, status } = subscription;
    const listener = { events, paths, filters: filters ?? noFilters, partnerId: scope.partnerId };
    await listeners.put(tx, { kind: 'subscription', scopeId: scopeId(scope), id, ...listener }, status === 'active');
  };

  const findTogether = createGroupReads<string, Subscription>({
    nameOf: (id) => id,
    read: (scope, ids) =>
      db.withScope(scope as ScopeId, async (tx) => {
        const rows = await tx<Row[]>`${select(tx)} where s.scope_id = ${scope} and s.id = any(${ids}::text[])`;
        const found = new Map(rows.map((row) => [row.id, subscriptionOf(row)]));
        return ids.map((id) => found.get(id));
      }),
  });

  return {
    find: findTogether,

    list: (scope, { owner, after, limit }) =>
      db.withScope(scope, async (tx) => {
        const ofOwner =
          owner === undefined
            ? tx``
            : tx`and s.owner_tenant_id = ${owner.tenantId} and s.owner_subject_id = ${owner.subjectId}`;
        const rows = await tx<Row[]>`
          ${select(tx)} where s.scope_id = ${scope} and s.id > ${after} ${ofOwner} order by s.id limit ${limit}`;
        return rows.map(subscriptionOf);
      }),

    insert: (scope, subscription, most, once) => {
      const { id, name, status, owner, delivery } = subscription;
      const at = scopeId(scope);
      return db.withScope(at, async (tx) => {
        // One after the other for each owner, or two at once would both be the last that is allowed.
        const turn = `scaivault.events.subscription ${at} ${owner.tenantId} ${owner.subjectId}`;
        await tx`select pg_advisory_xact_lock(hashtextextended(${turn}, 0))`;
        const [count] = await tx<{ present: number }[]>`
          select count(*) as "present" from subscription
          where scope_id = ${at} and owner_tenant_id = ${owner.tenantId} and owner_subject_id = ${owner.subjectId}`;
        if ((count?.present ?? 0) >= most) return false;
        await putListener(tx, scope, subscription);
        const row = {
          scope_id: at,
          id,
          name,
          status,
          owner_tenant_id: owner.tenantId,
          owner_subject_id: owner.subjectId,
          identity_type: owner.identityType,
          identity_id: owner.identityId,
          delivery_type: delivery.type,
          created_at: subscription.createdAtMicros,
          updated_at: subscription.updatedAtMicros,
        };
        await tx`insert into subscription ${tx(row)}`;
        await tx`insert into buffer ${tx({ scope_id: at, subscription_id: id, size: delivery.bufferSize })}`;
        await once?.commit(tx);
        return true;
      });
    },

    change: (scope, id, edit) => {
      const at = scopeId(scope);
      return db.withScope(at, async (tx) => {
        const present = await hold(tx, at, id);
        if (present === undefined) return undefined;
        const changed = edit(present);
        await putListener(tx, scope, changed);
        const columns = { name: changed.name, status: changed.status, updated_at: changed.updatedAtMicros };
        await tx`update subscription set ${tx(columns)} where scope_id = ${at} and id = ${id}`;
        await resizeBuffer(tx, at, id, changed.delivery.bufferSize);
        return changed;
      });
    },

    remove: (scope, id) =>
      db.withScope(scope, async (tx) => {
        if ((await hold(tx, scope, id)) === undefined) return false;
        await listeners.remove(tx, scope, id);
        await tellPolls(tx, [id]);
        return true;
      }),
  };
};

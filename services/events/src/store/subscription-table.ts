import { createGroupReads, type Database, type Tx } from '@scaivault/db';
import { type ScopeId, scopeId, type TenantId } from '@scaivault/tenancy';
import type { EventFilters } from '../domain/listener.ts';
import type { Subscription, SubscriptionDelivery, SubscriptionStatus } from '../domain/subscriptions/subscription.ts';
import type { EndpointStore } from '../ports/deliveries.ts';
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
  readonly bufferSize: number | null;
  readonly url: string | null;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
}

const deliveryOf = ({ bufferSize, url }: Row): SubscriptionDelivery => {
  if (bufferSize !== null) return { type: 'polling', bufferSize };
  if (url !== null) return { type: 'webhook', url };
  throw new Error('A subscription has neither a buffer nor an endpoint.');
};

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
  filters: { pathPrefix: row.pathPrefix, secretType: row.secretType, tags: row.tags },
  delivery: deliveryOf(row),
  createdAtMicros: row.createdAtMicros,
  updatedAtMicros: row.updatedAtMicros,
});

const select = (tx: Tx) => tx`
  select s.id, s.name, s.status, s.owner_tenant_id as "ownerTenantId", s.owner_subject_id as "ownerSubjectId",
    s.identity_type as "identityType", s.identity_id as "identityId", l.paths, l.events, l.path_prefix as "pathPrefix",
    l.secret_type as "secretType", l.tags, b.size as "bufferSize", p.url, s.created_at as "createdAtMicros",
    s.updated_at as "updatedAtMicros"
  from subscription s
  join listener l on l.scope_id = s.scope_id and l.id = s.id
  left join buffer b on b.scope_id = s.scope_id and b.subscription_id = s.id
  left join endpoint p on p.scope_id = s.scope_id and p.id = s.id`;

const hold = async (tx: Tx, scope: ScopeId, id: string): Promise<Subscription | undefined> => {
  const [row] = await tx<Row[]>`${select(tx)} where s.scope_id = ${scope} and s.id = ${id} for update of s`;
  return row === undefined ? undefined : subscriptionOf(row);
};

/** The table `subscription` with what belongs to each in others: its listener, and its buffer or its endpoint. */
export const createSubscriptionTable = ({
  db,
  listeners,
  endpoints,
}: {
  readonly db: Pick<Database, 'withScope'>;
  readonly listeners: Pick<ListenerStore, 'put' | 'remove' | 'setActive'>;
  readonly endpoints: EndpointStore;
}): SubscriptionStore => {
  const putListener = async (tx: Tx, scope: TenantScope, subscription: Subscription): Promise<void> => {
    const { id, events, paths, filters, status } = subscription;
    const listener = { events, paths, filters, partnerId: scope.partnerId };
    await listeners.put(tx, { kind: 'subscription', scopeId: scopeId(scope), id, ...listener }, status === 'active');
  };

  const placeOf = (scope: ScopeId, endpointId: string) => ({ scopeId: scope, endpointId });
  /** Before the subscription: the outcome of a delivery holds them in this order, to disable both. */
  const holdEndpoint = (tx: Tx, scope: ScopeId, id: string) => endpoints.change(tx, placeOf(scope, id), {});

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

    insert: (scope, { subscription, secret }, most, once) => {
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
        if (delivery.type === 'polling')
          await tx`insert into buffer ${tx({ scope_id: at, subscription_id: id, size: delivery.bufferSize })}`;
        else if (secret !== undefined)
          await endpoints.add(tx, {
            ...placeOf(at, id),
            partnerId: scope.partnerId,
            url: delivery.url,
            isEnabled: true,
            secret,
          });
        await once?.commit(tx);
        return true;
      });
    },

    change: (scope, id, edit, secret) => {
      const at = scopeId(scope);
      return db.withScope(at, async (tx) => {
        await holdEndpoint(tx, at, id);
        const present = await hold(tx, at, id);
        if (present === undefined) return undefined;
        const changed = edit(present);
        await putListener(tx, scope, changed);
        const columns = { name: changed.name, status: changed.status, updated_at: changed.updatedAtMicros };
        await tx`update subscription set ${tx(columns)} where scope_id = ${at} and id = ${id}`;
        const { delivery } = changed;
        if (delivery.type === 'polling') await resizeBuffer(tx, at, id, delivery.bufferSize);
        else {
          // Setting it active again clears its failures; anything else leaves them.
          const isEnabled = changed.status === present.status ? undefined : changed.status === 'active';
          await endpoints.change(tx, placeOf(at, id), { url: delivery.url, isEnabled, secret });
        }
        return changed;
      });
    },

    disable: async (tx, scope, id) => {
      await tx`update subscription set status = 'disabled' where scope_id = ${scope} and id = ${id}`;
      await listeners.setActive(tx, scope, id, false);
    },

    remove: (scope, id) =>
      db.withScope(scope, async (tx) => {
        await holdEndpoint(tx, scope, id);
        if ((await hold(tx, scope, id)) === undefined) return false;
        await endpoints.remove(tx, placeOf(scope, id));
        await listeners.remove(tx, scope, id);
        await tellPolls(tx, [id]);
        return true;
      }),
  };
};

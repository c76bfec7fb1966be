import type { Database, Tx } from '@scaivault/db';
import type { Delivery, EndpointPlace, Parcel } from '../domain/deliveries/delivery.ts';
import type { DeliveryLog } from '../ports/deliveries.ts';
import { readSecrets } from './signing-secret-table.ts';

/** Deliveries are kept for 30 days (rest-api-core 9); their rows go with their events, some of which are kept longer. */
const recent = (tx: Tx) => tx`d.created_at > now() - interval '30 days'`;

const at = (tx: Tx, { scopeId, endpointId }: EndpointPlace) => tx`
  d.scope_id = ${scopeId} and d.endpoint_id = ${endpointId}`;

/** The table `delivery`, as whoever looks after an endpoint sees it. */
export const createDeliveryLogTable = ({ withScope }: Pick<Database, 'withScope'>): DeliveryLog => ({
  list: (place, { status, before, limit }) =>
    withScope(place.scopeId, async (tx) => {
      const ofStatus = status === undefined ? tx`` : tx`and d.status = ${status}`;
      const older = before === '' ? tx`` : tx`and d.id < ${before}`;
      return await tx<Delivery[]>`
        select d.id, d.event_id as "eventId", e.event_type as "eventType", d.created_at as "createdAtMicros", d.status,
          d.attempt, d.response_code as "responseCode", d.duration_ms as "durationMs", d.error,
          case when not d.is_running then d.due_at end as "nextAttemptAtMicros", d.redelivery_of as "redeliveryOf"
        from delivery d join event e on e.scope_id = d.scope_id and e.id = d.event_id
        where ${at(tx, place)} ${ofStatus} ${older} and ${recent(tx)}
        order by d.id desc limit ${limit}`;
    }),

  openEndpoint: (place) =>
    withScope(place.scopeId, async (tx) => {
      const [endpoint] = await tx<Pick<Parcel, 'partnerId' | 'url'>[]>`
        select partner_id as "partnerId", url from endpoint
        where scope_id = ${place.scopeId} and id = ${place.endpointId} and removed_at is null`;
      const secrets = endpoint && (await readSecrets(tx, place));
      return secrets && { endpoint, secrets };
    }),

  addTest: async (tx, scopeId, { id, endpointId, eventId, outcome }) => {
    const { responseCode, durationMs, error } = outcome;
    await tx`
      insert into delivery
        (scope_id, id, endpoint_id, event_id, status, attempt, response_code, duration_ms, error)
      values (${scopeId}, ${id}, ${endpointId}, ${eventId}, ${error === null ? 'success' : 'failed'}, 1,
        ${responseCode}, ${durationMs}, ${error})`;
  },

  redeliver: (place, deliveryId, newId, once) =>
    withScope(place.scopeId, async (tx) => {
      await tx`
        select id from endpoint where scope_id = ${place.scopeId} and id = ${place.endpointId} for no key update`;
      const [row] = await tx<{ eventId: string }[]>`
        insert into delivery (scope_id, id, endpoint_id, event_id, due_at, redelivery_of)
        select d.scope_id, ${newId}, d.endpoint_id, d.event_id, now(), d.id
        from delivery d where ${at(tx, place)} and d.id = ${deliveryId} and ${recent(tx)}
        returning event_id as "eventId"`;
      if (row === undefined) return undefined;
      await tx`update event set received_at = now() where scope_id = ${place.scopeId} and id = ${row.eventId}`;
      await tx`
        update endpoint set due_at = least(due_at, now())
        where scope_id = ${place.scopeId} and id = ${place.endpointId}`;
      await once?.commit(tx);
      return row.eventId;
    }),
});

import type { Database, Tx } from '@scaivault/db';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { Listener } from '../domain/listener.ts';
import type { LastDelivery, Webhook, WebhookFields } from '../domain/webhooks/webhook.ts';
import type { DeliveryLog, EndpointStore } from '../ports/deliveries.ts';
import type { WebhookStore } from '../ports/webhooks.ts';
import type { EventStore, ListenerStore } from '../ports.ts';
import { readAttemptCounts } from './endpoint-hour-table.ts';

interface Row extends Omit<Webhook, 'filters'> {
  readonly partnerId: PartnerId;
  readonly pathPrefix: string | null;
  readonly secretType: string | null;
  readonly tags: readonly string[] | null;
}

const select = (tx: Tx) => tx`
  select w.id, w.name, p.url, l.events, l.path_prefix as "pathPrefix", l.secret_type as "secretType", l.tags,
    l.partner_id as "partnerId", p.is_enabled as "isEnabled", p.last_status as "lastStatus",
    w.created_at as "createdAtMicros", w.updated_at as "updatedAtMicros"
  from webhook w
  join listener l on l.scope_id = w.scope_id and l.id = w.id
  join endpoint p on p.scope_id = w.scope_id and p.id = w.id`;

const fromRow = ({ partnerId: _partner, pathPrefix, secretType, tags, ...row }: Row): Webhook => ({
  ...row,
  filters: { pathPrefix, secretType, tags },
});

const readRow = async (tx: Tx, scopeId: ScopeId, id: string): Promise<Row | undefined> => {
  const [row] = await tx<Row[]>`${select(tx)} where w.scope_id = ${scopeId} and w.id = ${id}`;
  return row;
};

const readLast = async (tx: Tx, scopeId: ScopeId, id: string): Promise<LastDelivery | null> => {
  const [row] = await tx<LastDelivery[]>`
    select last_delivery_id as "id", last_attempt_at as "atMicros", last_status as "status",
      last_response_code as "responseCode"
    from endpoint where scope_id = ${scopeId} and id = ${id} and last_delivery_id is not null`;
  return row ?? null;
};

const listenerOf = (scopeId: ScopeId, id: string, partnerId: PartnerId, fields: WebhookFields): Listener => ({
  kind: 'webhook',
  id,
  scopeId,
  partnerId,
  events: fields.events,
  filters: fields.filters,
  paths: null,
});

/** The table `webhook`, with what stands in `listener` and `endpoint` under the same id. */
export const createWebhookTable = (
  { withScope }: Pick<Database, 'withScope'>,
  {
    listeners,
    endpoints,
    events,
    log,
  }: {
    readonly listeners: Pick<ListenerStore, 'put' | 'remove' | 'setActive'>;
    readonly endpoints: EndpointStore;
    readonly events: Pick<EventStore, 'add'>;
    readonly log: Pick<DeliveryLog, 'addTest'>;
  },
): WebhookStore => ({
  find: (scopeId, id) =>
    withScope(scopeId, async (tx) => {
      const row = await readRow(tx, scopeId, id);
      return row && fromRow(row);
    }),

  read: (scopeId, id) =>
    withScope(scopeId, async (tx) => {
      const row = await readRow(tx, scopeId, id);
      if (row === undefined) return undefined;
      const counts = await readAttemptCounts(tx, { scopeId, endpointId: id });
      return { webhook: fromRow(row), record: { ...counts, last: await readLast(tx, scopeId, id) } };
    }),

  list: (scopeId, { after, limit }) =>
    withScope(scopeId, async (tx) => {
      const rows = await tx<Row[]>`
        ${select(tx)} where w.scope_id = ${scopeId} and w.id > ${after} order by w.id limit ${limit}`;
      return rows.map(fromRow);
    }),

  insert: (scopeId, { webhook, partnerId, secret }, most, once) =>
    withScope(scopeId, async (tx) => {
      // Whoever counts at the same time waits, so that nobody counts past the other.
      await tx`select pg_advisory_xact_lock(hashtext('webhooks'), hashtext(${scopeId}))`;
      const [present] = await tx<{ n: number }[]>`select count(*) as n from webhook where scope_id = ${scopeId}`;
      if ((present?.n ?? 0) >= most) return false;
      const { id, name, createdAtMicros } = webhook;
      await listeners.put(tx, listenerOf(scopeId, id, partnerId, webhook), webhook.isEnabled);
      await endpoints.add(tx, {
        scopeId,
        endpointId: id,
        partnerId,
        url: webhook.url,
        isEnabled: webhook.isEnabled,
        secret,
      });
      const times = { created_at: createdAtMicros, updated_at: webhook.updatedAtMicros };
      await tx`insert into webhook ${tx({ scope_id: scopeId, id, name, ...times })}`;
      await once?.commit(tx);
      return true;
    }),

  change: (scopeId, id, edit, { secret, isEnabled, atMicros }) =>
    withScope(scopeId, async (tx) => {
      await tx`select id from webhook where scope_id = ${scopeId} and id = ${id} for no key update`;
      // Also the endpoint's row, which the outcome of a delivery may be about to disable.
      if (!(await endpoints.change(tx, { scopeId, endpointId: id }, { isEnabled, secret }))) return undefined;
      const row = await readRow(tx, scopeId, id);
      if (row === undefined) return undefined;
      const current = fromRow(row);
      const fields = edit(current);
      await endpoints.change(tx, { scopeId, endpointId: id }, { url: fields.url });
      await listeners.put(tx, listenerOf(scopeId, id, row.partnerId, fields), fields.isEnabled);
      await tx`
        update webhook set name = ${fields.name}, updated_at = ${atMicros}
        where scope_id = ${scopeId} and id = ${id}`;
      return { ...current, ...fields, updatedAtMicros: atMicros };
    }),

  remove: (scopeId, id) =>
    withScope(scopeId, async (tx) => {
      const { count } = await tx`delete from webhook where scope_id = ${scopeId} and id = ${id}`;
      if (count === 0) return false;
      // The endpoint before the listener, as the outcome of a delivery takes them.
      await endpoints.remove(tx, { scopeId, endpointId: id });
      await listeners.remove(tx, scopeId, id);
      return true;
    }),

  silence: async (tx, scopeId, id) => {
    const [row] = await tx<{ name: string }[]>`select name from webhook where scope_id = ${scopeId} and id = ${id}`;
    if (row !== undefined) await listeners.setActive(tx, scopeId, id, false);
    return row?.name;
  },

  addTest: (scopeId, partnerId, event, test) =>
    withScope(scopeId, async (tx) => {
      await events.add(tx, scopeId, partnerId, [event]);
      await log.addTest(tx, scopeId, test);
    }),
});

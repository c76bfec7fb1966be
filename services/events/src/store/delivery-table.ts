import type { Database, Tx } from '@scaivault/db';
import type { DeliveryStatus } from '../domain/deliveries/attempt.ts';
import type { Claim, EndpointPlace, Parcel } from '../domain/deliveries/delivery.ts';
import { disableAfterFailures, isQuick } from '../domain/deliveries/endpoint-health.ts';
import type { AttemptResult, DeliveryStore, Disabling } from '../ports/deliveries.ts';
import { countAttempt } from './endpoint-hour-table.ts';
import { readSecrets } from './signing-secret-table.ts';

/** Deliveries of one endpoint at once (rest-api-core 9). */
const perEndpoint = 8;
/** Longer than an attempt and what surrounds it can take; a process that is gone gives its deliveries back then. */
const leaseMs = 30_000;

const fromNow = (tx: Tx, ms: number) => tx`now() + ${ms}::float8 * interval '1 millisecond'`;
const claimed = (tx: Tx, { scopeId, deliveryId, fence }: Claim) => tx`
  scope_id = ${scopeId} and id = ${deliveryId} and fence = ${fence} and is_running`;

interface Held extends EndpointPlace {
  readonly partnerId: Disabling['partnerId'];
  readonly isEnabled: boolean;
  readonly failures: number;
}

/**
 * The endpoint of a claim that is still ours, locked: its row first and then deliveries, as everybody does who takes both.
 * Whether the claim is ours is asked again by whoever writes the delivery.
 */
const holdEndpoint = async (tx: Tx, claim: Claim): Promise<Held | undefined> => {
  const [row] = await tx<Held[]>`
    select scope_id as "scopeId", id as "endpointId", partner_id as "partnerId", is_enabled as "isEnabled",
      consecutive_failures as "failures"
    from endpoint
    where scope_id = ${claim.scopeId} and id = (select endpoint_id from delivery where ${claimed(tx, claim)})
    for no key update`;
  return row;
};

/** Lets others of the endpoint go on, now that one of its places is free. */
const lookAgain = async (tx: Tx, { scopeId, endpointId }: EndpointPlace): Promise<void> => {
  await tx`
    update endpoint set due_at = (
      select min(d.due_at) from delivery d
      where d.scope_id = ${scopeId} and d.endpoint_id = ${endpointId} and d.status = 'pending')
    where scope_id = ${scopeId} and id = ${endpointId}`;
};

/** What the delivery is from here on; undefined when somebody else has claimed it meanwhile. */
const writeResult = async (
  tx: Tx,
  claim: Claim,
  isEnabled: boolean,
  { outcome, status, pauseMs }: AttemptResult,
): Promise<DeliveryStatus | undefined> => {
  const isTriedAgain = pauseMs !== undefined && isEnabled;
  const left = status === 'pending' && !isTriedAgain ? 'failed' : status;
  const { count } = await tx`
    update delivery set status = ${left}, is_running = false,
      due_at = ${isTriedAgain ? fromNow(tx, pauseMs) : null}, response_code = ${outcome.responseCode},
      duration_ms = ${outcome.durationMs}, error = ${outcome.error}
    where ${claimed(tx, claim)}`;
  return count === 0 ? undefined : left;
};

/** The table `delivery`, as the rounds of deliveries see it. */
export const createDeliveryTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): DeliveryStore => ({
  add: async (tx, scopeId, deliveries) => {
    const ids = deliveries.map(({ id }) => id);
    const endpointIds = deliveries.map(({ endpointId }) => endpointId);
    const eventIds = deliveries.map(({ eventId }) => eventId);
    // In the order of their ids, so that two who add to the same endpoints wait for each other once.
    await tx`
      select id from endpoint where scope_id = ${scopeId} and id = any(${endpointIds}::text[])
      order by id for no key update`;
    await tx`
      insert into delivery (scope_id, id, endpoint_id, event_id, due_at)
      select ${scopeId}, n.id, n.endpoint_id, n.event_id, now()
      from unnest(${ids}::text[], ${endpointIds}::text[], ${eventIds}::text[]) as n (id, endpoint_id, event_id)
      join endpoint e on e.scope_id = ${scopeId} and e.id = n.endpoint_id and e.is_enabled`;
    await tx`
      update endpoint set due_at = now()
      where scope_id = ${scopeId} and id = any(${endpointIds}::text[]) and is_enabled
        and (due_at is null or due_at > now())`;
  },

  claim: async (quick, most) =>
    await sql<Claim[]>`
      select scope_id as "scopeId", delivery_id as "deliveryId", fence
      from claim_deliveries(${quick}, ${most}::int4, ${perEndpoint}::int4, ${leaseMs}::int4)`,

  nextDueInMs: async () => {
    const [row] = await sql<{ ms: number | null }[]>`select next_delivery_in() as ms`;
    return row?.ms ?? undefined;
  },

  open: (claim) =>
    withScope(claim.scopeId, async (tx) => {
      const [parcel] = await tx<Parcel[]>`
        select d.scope_id as "scopeId", d.endpoint_id as "endpointId", d.attempt, p.partner_id as "partnerId", p.url,
          e.id as "eventId", e.event_type as "eventType", e.path, e.body
        from delivery d
        join endpoint p on p.scope_id = d.scope_id and p.id = d.endpoint_id
        join event e on e.scope_id = d.scope_id and e.id = d.event_id
        where d.scope_id = ${claim.scopeId} and d.id = ${claim.deliveryId} and d.fence = ${claim.fence} and d.is_running`;
      const secrets = parcel && (await readSecrets(tx, parcel));
      return secrets && { parcel, secrets };
    }),

  record: (claim, result, disable) =>
    withScope(claim.scopeId, async (tx) => {
      const held = await holdEndpoint(tx, claim);
      if (held === undefined) return false;
      const status = await writeResult(tx, claim, held.isEnabled, result);
      if (status === undefined) return false;
      const { outcome } = result;
      const failures = outcome.error === null ? 0 : held.failures + 1;
      const isOver = held.isEnabled && failures >= disableAfterFailures;
      await tx`
        update endpoint set consecutive_failures = ${failures}, is_enabled = is_enabled and not ${isOver},
          is_quick = ${isQuick(outcome)}, last_delivery_id = ${claim.deliveryId}, last_attempt_at = now(),
          last_status = ${status}, last_response_code = ${outcome.responseCode}
        where scope_id = ${held.scopeId} and id = ${held.endpointId}`;
      // The next claim gives up what waits.
      if (isOver)
        await tx`update endpoint set due_at = now() where scope_id = ${held.scopeId} and id = ${held.endpointId}`;
      else await lookAgain(tx, held);
      await countAttempt(tx, held, outcome);
      if (isOver) {
        const { scopeId, endpointId, partnerId } = held;
        const lastResponseCode = outcome.responseCode;
        await disable(tx, { scopeId, endpointId, partnerId, consecutiveFailures: failures, lastResponseCode });
      }
      return true;
    }),

  postpone: (claim, pauseMs) =>
    withScope(claim.scopeId, async (tx) => {
      const held = await holdEndpoint(tx, claim);
      if (held === undefined) return;
      await tx`
        update delivery set is_running = false, attempt = attempt - 1, due_at = ${fromNow(tx, pauseMs)}
        where ${claimed(tx, claim)}`;
      await lookAgain(tx, held);
    }),

  withhold: (claim) =>
    withScope(claim.scopeId, async (tx) => {
      const held = await holdEndpoint(tx, claim);
      if (held === undefined) return;
      await tx`
        update delivery set status = 'failed', is_running = false, due_at = null where ${claimed(tx, claim)}`;
      await lookAgain(tx, held);
    }),

  forget: async (most) => {
    const [row] = await sql<{ forgotten: number }[]>`select forget_endpoints(${most}::int4) as "forgotten"`;
    return row?.forgotten ?? 0;
  },
});

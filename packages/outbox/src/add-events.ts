import { type Tx, writeTextArray } from '@scaivault/db';
import type { NewEvent } from './new-event.ts';

/** What the relay listens to. */
export const outboxTopic = 'outbox';

/**
 * Writes down that something happens, in that order; it has happened exactly if `tx` commits. The transaction is in the
 * scope of the events, and what they are about is locked in it already: so for one resource the order is that of the
 * commits.
 */
export const addEvents = (tx: Tx, events: readonly NewEvent[]): void => {
  if (events.length === 0) return;
  const all = <Value>(of: (event: NewEvent) => Value): Value[] => events.map(of);
  tx.send(tx`
    insert into outbox (
      scope_id, event_type, occurred_at, identity_id, path, request_id, data, secret_type, tags
    )
    select e.scope_id, e.event_type, e.occurred_at, e.identity_id, e.path, e.request_id, e.data, e.secret_type, e.tags::text[]
    from unnest(
      ${all(({ scopeId }) => scopeId)}::text[], ${all(({ type }) => type)}::text[],
      ${all(({ origin }) => origin.atMicros)}::timestamptz[], ${all(({ origin }) => origin.identityId)}::text[],
      ${all(({ path }) => path)}::text[], ${all(({ origin }) => origin.requestId)}::text[],
      ${all(({ data }) => JSON.stringify(data))}::text[], ${all(({ secret }) => secret?.secretType ?? null)}::text[],
      ${all(({ secret }) => writeTextArray(secret?.tags ?? []))}::text[]
    ) as e (scope_id, event_type, occurred_at, identity_id, path, request_id, data, secret_type, tags)`);
  tx.announce(outboxTopic);
};

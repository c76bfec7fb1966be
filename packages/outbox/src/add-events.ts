import type { Tx } from '@scaivault/db';
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
  const rows = events.map(({ type, data, scopeId, origin, path, secret }) => ({
    scope_id: scopeId,
    event_type: type,
    occurred_at: origin.atMicros,
    identity_id: origin.identityId,
    path,
    request_id: origin.requestId,
    data: JSON.stringify(data),
    secret_type: secret?.secretType ?? null,
    tags: secret?.tags ?? [],
  }));
  tx.send(tx`insert into outbox ${tx(rows)}`);
  tx.announce(outboxTopic);
};

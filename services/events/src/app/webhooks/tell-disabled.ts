import { addEvents } from '@scaivault/outbox';
import type { Disable } from '../../ports/deliveries.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';

/** A webhook that is disabled for its failures hears nothing any more; all others are told, in the same transaction. */
export const createTellDisabled =
  ({
    webhooks,
    nowMicros,
  }: {
    readonly webhooks: Pick<WebhookStore, 'silence'>;
    readonly nowMicros: () => number;
  }): Disable =>
  async (tx, { scopeId, endpointId, consecutiveFailures, lastResponseCode }) => {
    const name = await webhooks.silence(tx, scopeId, endpointId);
    if (name === undefined) return;
    addEvents(tx, [
      {
        type: 'webhook.disabled',
        data: {
          webhook_id: endpointId,
          name,
          consecutive_failures: consecutiveFailures,
          last_response_code: lastResponseCode,
        },
        scopeId,
        origin: { identityId: 'system:events', requestId: null, atMicros: nowMicros() },
        path: null,
        secret: null,
      },
    ]);
  };

import { newId, type TenantId } from '@scaivault/tenancy';
import type { DeliveryStore } from '../../ports/deliveries.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';
import type { FanOut } from '../fan-out.ts';

/** A webhook that is disabled for its failures hears nothing any more; all others are told, in the same transaction. */
export const createTellDisabled =
  ({
    webhooks,
    fanOut,
    nowMicros,
  }: {
    readonly webhooks: Pick<WebhookStore, 'silence'>;
    readonly fanOut: FanOut;
    readonly nowMicros: () => number;
  }): Parameters<DeliveryStore['record']>[2] =>
  async (tx, { scopeId, endpointId, partnerId, consecutiveFailures, lastResponseCode }) => {
    const name = await webhooks.silence(tx, scopeId, endpointId);
    if (name === undefined) return;
    const data = {
      webhook_id: endpointId,
      name,
      consecutive_failures: consecutiveFailures,
      last_response_code: lastResponseCode,
    };
    await fanOut(tx, [
      {
        id: newId('evt'),
        type: 'webhook.disabled',
        atMicros: nowMicros(),
        tenantId: scopeId.replace(/^t:/, '') as TenantId,
        partnerId,
        identityId: 'system:events',
        path: null,
        data: JSON.stringify(data),
        requestId: null,
        secretType: null,
        tags: [],
      },
    ]);
  };

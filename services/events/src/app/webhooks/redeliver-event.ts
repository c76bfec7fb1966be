import type { Caller, Once } from '@scaivault/pipeline';
import { newId } from '@scaivault/tenancy';
import { deliveryNotFound } from '../../domain/webhooks/refusals.ts';
import type { DeliveryLog } from '../../ports/deliveries.ts';
import type { FindWebhook } from './find-webhook.ts';

export interface Redelivery {
  readonly deliveryId: string;
  readonly eventId: string;
}

/** The same event and body once more, as a delivery of its own. */
export const createRedeliverEvent =
  ({
    find,
    log,
    onDue,
  }: {
    readonly find: FindWebhook;
    readonly log: Pick<DeliveryLog, 'redeliver'>;
    readonly onDue: () => void;
  }) =>
  async (caller: Caller, webhookId: string, of: string, once: Once | undefined): Promise<Redelivery> => {
    const { scopeId } = await find(caller, webhookId);
    const deliveryId = newId('del');
    const eventId = await log.redeliver({ scopeId, endpointId: webhookId }, of, deliveryId, once);
    if (eventId === undefined) throw deliveryNotFound();
    onDue();
    return { deliveryId, eventId };
  };

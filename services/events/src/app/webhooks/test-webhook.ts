import type { Caller } from '@scaivault/pipeline';
import { newId } from '@scaivault/tenancy';
import type { AttemptOutcome } from '../../domain/deliveries/attempt.ts';
import type { IncomingEvent } from '../../domain/incoming-event.ts';
import { webhookNotFound } from '../../domain/webhooks/refusals.ts';
import { writeEnvelope } from '../../domain/write-envelope.ts';
import type { DeliveryLog } from '../../ports/deliveries.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';
import type { AttemptDelivery } from '../deliveries/attempt-delivery.ts';
import type { FindWebhook } from './find-webhook.ts';

/** Whoever asks waits for it, and the call has an end of its own. */
const timeoutMs = 8_000;

export interface TestResult {
  readonly deliveryId: string;
  readonly outcome: AttemptOutcome;
}

const testEvent = (caller: Caller, webhookId: string, atMicros: number, requestId: string): IncomingEvent => ({
  id: newId('evt'),
  type: 'webhook.test',
  atMicros,
  audience: { kind: 'tenant', tenantId: caller.tenantId },
  identityId: caller.identityId,
  path: null,
  data: JSON.stringify({ webhook_id: webhookId }),
  requestId,
  secretType: null,
  tags: [],
});

/** One attempt at once, also on a disabled webhook; nobody else hears of it (rest-api-core 8.2, 9). */
export const createTestWebhook =
  ({
    find,
    log,
    webhooks,
    attemptDelivery,
    nowMicros,
  }: {
    readonly find: FindWebhook;
    readonly log: Pick<DeliveryLog, 'openEndpoint'>;
    readonly webhooks: Pick<WebhookStore, 'addTest'>;
    readonly attemptDelivery: AttemptDelivery;
    readonly nowMicros: () => number;
  }) =>
  async (caller: Caller, webhookId: string, requestId: string): Promise<TestResult> => {
    const { scopeId } = await find(caller, webhookId);
    const place = { scopeId, endpointId: webhookId };
    const opened = await log.openEndpoint(place);
    if (opened === undefined) throw webhookNotFound();
    const event = testEvent(caller, webhookId, nowMicros(), requestId);
    const { partnerId } = caller;
    const body = writeEnvelope(event, partnerId);
    const sent = { ...place, ...opened.endpoint, eventId: event.id, eventType: event.type, body };
    const outcome = await attemptDelivery(sent, opened.secrets, timeoutMs);
    const deliveryId = newId('del');
    const test = { id: deliveryId, endpointId: webhookId, eventId: event.id, outcome };
    await webhooks.addTest(scopeId, partnerId, event, test);
    return { deliveryId, outcome };
  };

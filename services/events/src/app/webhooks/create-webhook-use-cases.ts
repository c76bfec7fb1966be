import type { CursorCodec } from '@scaivault/tenancy';
import type { DeliveryLog, SecretBox } from '../../ports/deliveries.ts';
import type { CheckTarget, WebhookStore } from '../../ports/webhooks.ts';
import type { AttemptDelivery } from '../deliveries/attempt-delivery.ts';
import { createCreateWebhook } from './create-webhook.ts';
import { createDeleteWebhook } from './delete-webhook.ts';
import { createFindWebhook } from './find-webhook.ts';
import { createListDeliveries } from './list-deliveries.ts';
import { createListWebhooks } from './list-webhooks.ts';
import { createReadWebhook } from './read-webhook.ts';
import { createRedeliverEvent } from './redeliver-event.ts';
import { createTestWebhook } from './test-webhook.ts';
import { createUpdateWebhook } from './update-webhook.ts';

export interface WebhookParts {
  readonly webhooks: WebhookStore;
  readonly log: DeliveryLog;
  readonly box: SecretBox;
  readonly checkTarget: CheckTarget;
  readonly attemptDelivery: AttemptDelivery;
  readonly cursors: CursorCodec;
  readonly nowMicros: () => number;
  /** Something may be due now. */
  readonly wake: () => void;
}

/** All that can be done with webhooks. */
export const createWebhookUseCases = (parts: WebhookParts) => {
  const find = createFindWebhook(parts);
  return {
    listWebhooks: createListWebhooks(parts),
    createWebhook: createCreateWebhook(parts),
    readWebhook: createReadWebhook(parts),
    updateWebhook: createUpdateWebhook({ ...parts, find, onChange: parts.wake }),
    deleteWebhook: createDeleteWebhook(parts),
    testWebhook: createTestWebhook({ ...parts, find }),
    listDeliveries: createListDeliveries({ ...parts, find }),
    redeliverEvent: createRedeliverEvent({ ...parts, find, onDue: parts.wake }),
  };
};

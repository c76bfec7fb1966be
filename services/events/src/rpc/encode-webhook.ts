import { create } from '@bufbuild/protobuf';
import {
  DeliverySchema,
  type WebhookDetails,
  WebhookDetailsSchema,
  WebhookSchema,
  type Delivery as WireDelivery,
  type Webhook as WireWebhook,
} from '@scaivault/contracts/events/v1/webhooks';
import { timestampOf } from '@scaivault/runtime';
import type { WebhookView } from '../app/webhooks/read-webhook.ts';
import type { Delivery } from '../domain/deliveries/delivery.ts';
import { statusOf, type Webhook, type WebhookRecord } from '../domain/webhooks/webhook.ts';
import { encodeFilters } from './event-filters.ts';

/** Leaves out what is null, which JSON then shows as null. */
const present = <Name extends string, Value>(name: Name, value: Value | null): { readonly [N in Name]?: Value } =>
  value === null ? {} : ({ [name]: value } as { readonly [N in Name]: Value });

const fieldsOf = (webhook: Webhook) => ({
  id: webhook.id,
  name: webhook.name,
  url: webhook.url,
  events: [...webhook.events],
  ...present('filters', encodeFilters(webhook.filters)),
  enabled: webhook.isEnabled,
  status: statusOf(webhook),
  createdAt: timestampOf(webhook.createdAtMicros),
  updatedAt: timestampOf(webhook.updatedAtMicros),
});

export const encodeWebhook = (webhook: Webhook): WireWebhook => create(WebhookSchema, fieldsOf(webhook));

const statisticsOf = ({ attempts, successes, durationMs }: WebhookRecord) => ({
  deliveries24h: attempts,
  ...(attempts === 0 ? {} : { successRate24h: successes / attempts, avgLatencyMs: Math.round(durationMs / attempts) }),
});

export const encodeWebhookView = ({ webhook, record }: WebhookView): WebhookDetails => {
  const { last } = record;
  const lastDelivery = last && {
    id: last.id,
    timestamp: timestampOf(last.atMicros),
    status: last.status,
    ...present('responseCode', last.responseCode),
  };
  return create(WebhookDetailsSchema, {
    ...fieldsOf(webhook),
    statistics: statisticsOf(record),
    ...present('lastDelivery', lastDelivery),
  });
};

export const encodeDelivery = (delivery: Delivery): WireDelivery => {
  const { nextAttemptAtMicros } = delivery;
  return create(DeliverySchema, {
    id: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    timestamp: timestampOf(delivery.createdAtMicros),
    status: delivery.status,
    attempt: delivery.attempt,
    ...present('responseCode', delivery.responseCode),
    ...present('durationMs', delivery.durationMs),
    ...present('error', delivery.error),
    ...present('nextAttemptAt', nextAttemptAtMicros === null ? null : timestampOf(nextAttemptAtMicros)),
    ...present('redeliveryOf', delivery.redeliveryOf),
  });
};

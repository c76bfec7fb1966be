import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListDeliveriesResponseSchema,
  ListWebhooksResponseSchema,
  RedeliverEventResponseSchema,
  TestWebhookResponseSchema,
  type UpdateWebhookRequest,
  type WebhookService,
} from '@scaivault/contracts/events/v1/webhooks';
import { answerWith, callerOf, callOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import type { InputChecks } from '@scaivault/runtime';
import type { Page } from '@scaivault/tenancy';
import type { createWebhookUseCases } from '../app/webhooks/create-webhook-use-cases.ts';
import type { DeliveryStatus } from '../domain/deliveries/attempt.ts';
import { checkEventNames } from '../domain/event-names.ts';
import { checkSecret } from '../domain/webhooks/check-secret.ts';
import { checkNulls, previousForMs, type WebhookPatch } from '../domain/webhooks/merge-webhook.ts';
import { encodeDelivery, encodeWebhook, encodeWebhookView } from './encode-webhook.ts';
import { decodeFilters } from './event-filters.ts';

export type WebhookUseCases = ReturnType<typeof createWebhookUseCases>;

const positionOf = ({ cursor }: Page<unknown>) => ({
  hasMore: cursor !== undefined,
  ...(cursor === undefined ? {} : { cursor }),
});

/** What is left out is undefined, and so is an empty list of events. */
const decodePatch = (request: UpdateWebhookRequest): WebhookPatch => ({
  name: request.name,
  url: request.url,
  secret: request.secret,
  previousSecretTtl: request.previousSecretTtl,
  events: request.events.length === 0 ? undefined : request.events,
  filters: request.filters === undefined ? undefined : decodeFilters(request.filters),
  isEnabled: request.enabled,
  nulls: request.nulls,
});

const changedFields = ({ nulls, isEnabled, previousSecretTtl: _ttl, ...fields }: WebhookPatch): readonly string[] => [
  ...Object.entries({ ...fields, enabled: isEnabled }).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  ...nulls,
];

/** Which events there are, and how many bytes a secret has, is for this service to say, before it does anything. */
export const webhookInputChecks: InputChecks<typeof WebhookService> = {
  createWebhook: ({ events, secret }) => {
    checkEventNames('events', events);
    checkSecret('secret', secret);
  },
  updateWebhook: (request) => {
    checkNulls(request.nulls);
    if (request.events.length > 0) checkEventNames('events', request.events);
    if (request.secret !== undefined) checkSecret('secret', request.secret);
    previousForMs(request);
  },
};

/** Webhooks over the wire (rest-api-core 9). */
export const createWebhookService = (use: WebhookUseCases): ServiceImpl<typeof WebhookService> => ({
  listWebhooks: async ({ limit, cursor }, context) => {
    const page = await use.listWebhooks(callerOf(context), { limit, cursor });
    return create(ListWebhooksResponseSchema, { webhooks: page.items.map(encodeWebhook), ...positionOf(page) });
  },

  createWebhook: async ({ name, url, secret, events, filters, enabled }, context) => {
    const input = { name, url, secret, events, filters: decodeFilters(filters), isEnabled: enabled ?? true };
    const webhook = await use.createWebhook(callerOf(context), input, onceOf(context));
    noteForAudit(context, { webhook_id: webhook.id, url });
    answerWith(context, { location: `/v1/webhooks/${webhook.id}` });
    return encodeWebhook(webhook);
  },

  readWebhook: async ({ webhookId }, context) => {
    noteForAudit(context, { webhook_id: webhookId });
    return encodeWebhookView(await use.readWebhook(callerOf(context), webhookId));
  },

  updateWebhook: async (request, context) => {
    const patch = decodePatch(request);
    noteForAudit(context, { webhook_id: request.webhookId, changed_fields: changedFields(patch) });
    return encodeWebhook(await use.updateWebhook(callerOf(context), request.webhookId, patch));
  },

  deleteWebhook: async ({ webhookId }, context) => {
    noteForAudit(context, { webhook_id: webhookId });
    await use.deleteWebhook(callerOf(context), webhookId);
    return create(EmptySchema);
  },

  testWebhook: async ({ webhookId }, context) => {
    noteForAudit(context, { webhook_id: webhookId, test: true });
    const { requestId } = callOf(context).request;
    const { deliveryId, outcome } = await use.testWebhook(callerOf(context), webhookId, requestId);
    const status = outcome.error === null ? 'success' : 'failed';
    noteForAudit(context, { delivery_id: deliveryId, status });
    return create(TestWebhookResponseSchema, {
      deliveryId,
      status,
      ...(outcome.responseCode === null ? {} : { responseCode: outcome.responseCode }),
      durationMs: outcome.durationMs,
    });
  },

  listDeliveries: async ({ webhookId, status, limit, cursor }, context) => {
    noteForAudit(context, { webhook_id: webhookId });
    const wanted = status as DeliveryStatus | undefined;
    const page = await use.listDeliveries(callerOf(context), webhookId, wanted, { limit, cursor });
    return create(ListDeliveriesResponseSchema, { deliveries: page.items.map(encodeDelivery), ...positionOf(page) });
  },

  redeliverEvent: async ({ webhookId, deliveryId }, context) => {
    noteForAudit(context, { webhook_id: webhookId, redelivery_of: deliveryId });
    const redelivery = await use.redeliverEvent(callerOf(context), webhookId, deliveryId, onceOf(context));
    noteForAudit(context, { delivery_id: redelivery.deliveryId });
    return create(RedeliverEventResponseSchema, { ...redelivery, status: 'pending' });
  },
});

import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import {
  AcknowledgeEventsResponseSchema,
  ListSubscriptionsResponseSchema,
  type NewSubscriptionDelivery,
  type SubscriptionService,
} from '@scaivault/contracts/events/v1/subscriptions';
import { answerWith, callerOf, noteForAudit, onceOf, renewCaller } from '@scaivault/pipeline';
import type { createAcknowledgeEvents } from '../app/subscriptions/acknowledge-events.ts';
import type { createCreateSubscription } from '../app/subscriptions/create-subscription.ts';
import type { createDeleteSubscription } from '../app/subscriptions/delete-subscription.ts';
import type { FindSubscriptions } from '../app/subscriptions/find-subscription.ts';
import type { createListSubscriptions } from '../app/subscriptions/list-subscriptions.ts';
import type { createPollSubscription, PollAnswer } from '../app/subscriptions/poll-subscription.ts';
import type { createUpdateSubscription } from '../app/subscriptions/update-subscription.ts';
import { defaultBufferSize, type SubscriptionDelivery } from '../domain/subscriptions/subscription.ts';
import { encodePoll, encodeSubscription } from './encode-subscription.ts';
import { decodeFilters } from './event-filters.ts';

export interface SubscriptionUseCases {
  readonly list: ReturnType<typeof createListSubscriptions>;
  readonly create: ReturnType<typeof createCreateSubscription>;
  readonly find: Pick<FindSubscriptions, 'visible'>;
  readonly update: ReturnType<typeof createUpdateSubscription>;
  readonly remove: ReturnType<typeof createDeleteSubscription>;
  readonly poll: ReturnType<typeof createPollSubscription>;
  readonly acknowledge: ReturnType<typeof createAcknowledgeEvents>;
}

const defaultTimeoutSeconds = 30;
const defaultMostEvents = 100;
/** An answer has to be on its way before the caller's time is up. */
const answerMs = 250;

const decodeDelivery = ({ type, url, bufferSize }: NewSubscriptionDelivery): SubscriptionDelivery =>
  type === 'webhook' ? { type, url: url ?? '' } : { type: 'polling', bufferSize: bufferSize ?? defaultBufferSize };

const unlessEmpty = <Item>(items: readonly Item[]): readonly Item[] | undefined =>
  items.length === 0 ? undefined : items;

/** What the row says of the events that were handed out: which, not what. */
const notePoll = (context: HandlerContext, id: string, { events }: PollAnswer): void => {
  noteForAudit(context, {
    subscription_id: id,
    event_count: events.length,
    first_event_id: events[0]?.id,
    last_event_id: events.at(-1)?.id,
  });
};

/** Subscriptions over the wire (rest-api-core 10). */
export const createSubscriptionService = (use: SubscriptionUseCases): ServiceImpl<typeof SubscriptionService> => ({
  listSubscriptions: async ({ limit, cursor }, context) => {
    const page = await use.list(callerOf(context), { limit, cursor });
    return create(ListSubscriptionsResponseSchema, {
      subscriptions: page.items.map(encodeSubscription),
      hasMore: page.cursor !== undefined,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    });
  },

  createSubscription: async ({ name, paths, events, filters, delivery }, context) => {
    if (delivery === undefined) throw new Error('The contract asks for a delivery.');
    const input = {
      name,
      paths,
      events,
      filters: decodeFilters(filters),
      delivery: decodeDelivery(delivery),
      secret: delivery.secret,
    };
    const subscription = await use.create(callerOf(context), input, onceOf(context));
    noteForAudit(context, { subscription_id: subscription.id });
    answerWith(context, { location: `/v1/subscriptions/${subscription.id}` });
    return encodeSubscription(subscription);
  },

  getSubscription: async ({ subscriptionId }, context) => {
    noteForAudit(context, { subscription_id: subscriptionId });
    return encodeSubscription(await use.find.visible(callerOf(context), subscriptionId));
  },

  updateSubscription: async ({ subscriptionId, name, paths, events, delivery, filters, status, nulls }, context) => {
    noteForAudit(context, { subscription_id: subscriptionId });
    const changes = {
      name,
      paths: unlessEmpty(paths),
      events: unlessEmpty(events),
      filters: filters === undefined && !nulls.includes('filters') ? undefined : decodeFilters(filters),
      status: status as 'active' | 'paused' | undefined,
      deliveryType: delivery?.type,
      bufferSize: delivery?.bufferSize,
      url: delivery?.url,
      secret: delivery?.secret,
    };
    return encodeSubscription(await use.update(callerOf(context), subscriptionId, changes));
  },

  deleteSubscription: async ({ subscriptionId }, context) => {
    noteForAudit(context, { subscription_id: subscriptionId });
    await use.remove(callerOf(context), subscriptionId);
    return create(EmptySchema);
  },

  pollSubscription: async ({ subscriptionId: id, timeout, sinceEventId, maxEvents }, context) => {
    noteForAudit(context, { subscription_id: id });
    const answer = await use.poll(callerOf(context), {
      id,
      sinceEventId,
      mostEvents: maxEvents ?? defaultMostEvents,
      waitMs: Math.min((timeout ?? defaultTimeoutSeconds) * 1000, (context.timeoutMs() ?? 0) - answerMs),
      signal: context.signal,
      renewCaller: () => renewCaller(context),
    });
    notePoll(context, id, answer);
    return encodePoll(answer);
  },

  acknowledgeEvents: async ({ subscriptionId, eventIds }, context) =>
    create(AcknowledgeEventsResponseSchema, {
      acknowledged: await use.acknowledge(callerOf(context), subscriptionId, eventIds),
    }),
});

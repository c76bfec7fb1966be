import { create } from '@bufbuild/protobuf';
import {
  type PollSubscriptionResponse,
  PollSubscriptionResponseSchema,
  SubscriptionSchema,
  type Subscription as WireSubscription,
} from '@scaivault/contracts/events/v1/subscriptions';
import { timestampOf } from '@scaivault/runtime';
import { parseTimestamp } from '@scaivault/tenancy';
import type { PollAnswer } from '../app/subscriptions/poll-subscription.ts';
import type { Subscription } from '../domain/subscriptions/subscription.ts';
import type { BufferedEvent } from '../ports/subscriptions.ts';
import { encodeFilters } from './event-filters.ts';

export const encodeSubscription = (subscription: Subscription): WireSubscription => {
  const filters = encodeFilters(subscription.filters);
  return create(SubscriptionSchema, {
    id: subscription.id,
    name: subscription.name,
    status: subscription.status,
    identityId: subscription.owner.identityId,
    paths: [...subscription.paths],
    events: [...subscription.events],
    delivery: subscription.delivery,
    ...(filters === null ? {} : { filters }),
    createdAt: timestampOf(subscription.createdAtMicros),
    updatedAt: timestampOf(subscription.updatedAtMicros),
  });
};

const encoder = new TextEncoder();

const encodeEvent = ({ id, type, path, body }: BufferedEvent) => {
  const { timestamp, data } = JSON.parse(body) as { readonly timestamp: string; readonly data: object };
  return {
    eventId: id,
    eventType: type,
    timestamp: timestampOf(parseTimestamp(timestamp) ?? 0),
    data: encoder.encode(JSON.stringify(data)),
    ...(path === null ? {} : { path }),
  };
};

export const encodePoll = ({ events, hasMore, dropped }: PollAnswer): PollSubscriptionResponse =>
  create(PollSubscriptionResponseSchema, {
    events: events.map(encodeEvent),
    hasMore,
    droppedCount: dropped,
    overflowed: dropped > 0,
  });

import type { Caller, Once } from '@scaivault/pipeline';
import { newId } from '@scaivault/tenancy';
import type { EventFilters } from '../../domain/listener.ts';
import { tooManySubscriptions } from '../../domain/subscriptions/refusals.ts';
import {
  mostSubscriptions,
  type Subscription,
  type SubscriptionDelivery,
} from '../../domain/subscriptions/subscription.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import { ownerOf, tenantOf } from './find-subscription.ts';

/** A subscription as a client asks for it, checked. */
export interface NewSubscription {
  readonly name: string;
  readonly paths: readonly string[];
  readonly events: readonly string[];
  readonly filters: EventFilters | null;
  readonly delivery: SubscriptionDelivery;
}

/** Subscribes the caller to events of the tenant acted in; 400 `invalid_config` beyond 20 of them. */
export const createCreateSubscription =
  ({
    subscriptions,
    nowMicros,
  }: {
    readonly subscriptions: Pick<SubscriptionStore, 'insert'>;
    readonly nowMicros: () => number;
  }) =>
  async (caller: Caller, input: NewSubscription, once: Once | undefined): Promise<Subscription> => {
    const createdAtMicros = nowMicros();
    const subscription: Subscription = {
      ...input,
      id: newId('sub'),
      status: 'active',
      owner: ownerOf(caller),
      createdAtMicros,
      updatedAtMicros: createdAtMicros,
    };
    const isAdded = await subscriptions.insert(tenantOf(caller), subscription, mostSubscriptions, once);
    if (!isAdded) throw tooManySubscriptions(mostSubscriptions);
    return subscription;
  };

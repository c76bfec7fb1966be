import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { isId } from '@scaivault/tenancy';
import type { EventFilters } from '../../domain/listener.ts';
import { subscriptionNotFound } from '../../domain/subscriptions/refusals.ts';
import type { Subscription } from '../../domain/subscriptions/subscription.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import { requireOwner, tenantOf } from './find-subscription.ts';

/** What is given changes, undefined stays. */
export interface SubscriptionChanges {
  readonly name: string | undefined;
  readonly paths: readonly string[] | undefined;
  readonly events: readonly string[] | undefined;
  /** Null takes all of them away. */
  readonly filters: EventFilters | null | undefined;
  readonly status: 'active' | 'paused' | undefined;
  readonly deliveryType: string | undefined;
  readonly bufferSize: number | undefined;
}

const changed = (present: Subscription, changes: SubscriptionChanges, nowMicros: number): Subscription => {
  const { deliveryType = present.delivery.type } = changes;
  if (deliveryType !== present.delivery.type) throw fieldError('delivery.type', 'conflict', 'cannot be changed');
  return {
    ...present,
    name: changes.name ?? present.name,
    paths: changes.paths ?? present.paths,
    events: changes.events ?? present.events,
    filters: changes.filters === undefined ? present.filters : changes.filters,
    status: changes.status ?? present.status,
    delivery: { ...present.delivery, bufferSize: changes.bufferSize ?? present.delivery.bufferSize },
    updatedAtMicros: nowMicros,
  };
};

/** Changes a subscription of the caller's. A paused one hears nothing; setting it active again ends that. */
export const createUpdateSubscription =
  ({
    subscriptions,
    nowMicros,
  }: {
    readonly subscriptions: Pick<SubscriptionStore, 'change'>;
    readonly nowMicros: () => number;
  }) =>
  async (caller: Caller, id: string, changes: SubscriptionChanges): Promise<Subscription> => {
    const edit = (present: Subscription): Subscription => {
      requireOwner(caller, present);
      return changed(present, changes, nowMicros());
    };
    const result = isId('sub', id) ? await subscriptions.change(tenantOf(caller), id, edit) : undefined;
    if (result === undefined) throw subscriptionNotFound();
    return result;
  };

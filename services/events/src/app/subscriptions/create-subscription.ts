import type { Caller, Once } from '@scaivault/pipeline';
import { newId, scopeId } from '@scaivault/tenancy';
import type { EventFilters } from '../../domain/listener.ts';
import { tooManySubscriptions } from '../../domain/subscriptions/refusals.ts';
import {
  mostSubscriptions,
  type Subscription,
  type SubscriptionDelivery,
} from '../../domain/subscriptions/subscription.ts';
import type { SecretBox } from '../../ports/deliveries.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import type { CheckTarget } from '../../ports/webhooks.ts';
import { ownerOf, tenantOf } from './find-subscription.ts';

/** A subscription as a client asks for it, checked. */
export interface NewSubscription {
  readonly name: string;
  readonly paths: readonly string[];
  readonly events: readonly string[];
  readonly filters: EventFilters;
  readonly delivery: SubscriptionDelivery;
  /** What deliveries are signed with, for a delivery by webhook. */
  readonly secret: string | undefined;
}

/**
 * Subscribes the caller to events of the tenant acted in; 400 `invalid_config` beyond 20 of them, or for a target that is not
 * allowed. The target is judged and the secret sealed before anything is written.
 */
export const createCreateSubscription =
  ({
    subscriptions,
    checkTarget,
    box,
    nowMicros,
  }: {
    readonly subscriptions: Pick<SubscriptionStore, 'insert'>;
    readonly checkTarget: CheckTarget;
    readonly box: Pick<SecretBox, 'seal'>;
    readonly nowMicros: () => number;
  }) =>
  async (caller: Caller, { secret, ...input }: NewSubscription, once: Once | undefined): Promise<Subscription> => {
    const scope = tenantOf(caller);
    const id = newId('sub');
    if (input.delivery.type === 'webhook') await checkTarget('delivery.url', input.delivery.url);
    const place = { scopeId: scopeId(scope), endpointId: id };
    const sealed = secret === undefined ? undefined : await box.seal(place, scope.partnerId, secret);
    const createdAtMicros = nowMicros();
    const subscription: Subscription = {
      ...input,
      id,
      status: 'active',
      owner: ownerOf(caller),
      createdAtMicros,
      updatedAtMicros: createdAtMicros,
    };
    const added = { subscription, secret: sealed };
    if (!(await subscriptions.insert(scope, added, mostSubscriptions, once)))
      throw tooManySubscriptions(mostSubscriptions);
    return subscription;
  };

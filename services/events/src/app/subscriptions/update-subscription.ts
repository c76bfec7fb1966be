import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { EventFilters } from '../../domain/listener.ts';
import { subscriptionNotFound } from '../../domain/subscriptions/refusals.ts';
import type { Subscription, SubscriptionDelivery } from '../../domain/subscriptions/subscription.ts';
import { previousForMs } from '../../domain/webhooks/merge-webhook.ts';
import type { SecretBox } from '../../ports/deliveries.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import type { CheckTarget } from '../../ports/webhooks.ts';
import { type FindSubscriptions, requireOwner, tenantOf } from './find-subscription.ts';

/** What is given changes, undefined stays. */
export interface SubscriptionChanges {
  readonly name: string | undefined;
  readonly paths: readonly string[] | undefined;
  readonly events: readonly string[] | undefined;
  readonly filters: EventFilters | undefined;
  readonly status: 'active' | 'paused' | undefined;
  readonly deliveryType: string | undefined;
  readonly bufferSize: number | undefined;
  readonly url: string | undefined;
  readonly secret: string | undefined;
}

const foreign = (field: string, type: string) =>
  fieldError(field, 'conflict', `does not belong to delivery type ${type}`);

const changedDelivery = (
  present: SubscriptionDelivery,
  { deliveryType = present.type, bufferSize, url, secret }: SubscriptionChanges,
): SubscriptionDelivery => {
  if (deliveryType !== present.type) throw fieldError('delivery.type', 'conflict', 'cannot be changed');
  if (present.type === 'webhook') {
    if (bufferSize !== undefined) throw foreign('delivery.buffer_size', present.type);
    return { ...present, url: url ?? present.url };
  }
  if (url !== undefined) throw foreign('delivery.url', present.type);
  if (secret !== undefined) throw foreign('delivery.secret', present.type);
  return { ...present, bufferSize: bufferSize ?? present.bufferSize };
};

const changed = (present: Subscription, changes: SubscriptionChanges, nowMicros: number): Subscription => ({
  ...present,
  name: changes.name ?? present.name,
  paths: changes.paths ?? present.paths,
  events: changes.events ?? present.events,
  filters: changes.filters ?? present.filters,
  status: changes.status ?? present.status,
  delivery: changedDelivery(present.delivery, changes),
  updatedAtMicros: nowMicros,
});

/**
 * Changes a subscription of the caller's. A paused one hears nothing, and what waits to be sent is given up; setting it active
 * again ends that. A new signing secret stands beside the former one for a day.
 */
export const createUpdateSubscription =
  ({
    find,
    subscriptions,
    checkTarget,
    box,
    nowMicros,
  }: {
    readonly find: Pick<FindSubscriptions, 'own'>;
    readonly subscriptions: Pick<SubscriptionStore, 'change'>;
    readonly checkTarget: CheckTarget;
    readonly box: Pick<SecretBox, 'seal'>;
    readonly nowMicros: () => number;
  }) =>
  async (caller: Caller, id: string, changes: SubscriptionChanges): Promise<Subscription> => {
    const scope = tenantOf(caller);
    changed(await find.own(caller, id), changes, 0);
    if (changes.url !== undefined) await checkTarget('delivery.url', changes.url);
    const place = { scopeId: scopeId(scope), endpointId: id };
    const secret =
      changes.secret === undefined
        ? undefined
        : { sealed: await box.seal(place, scope.partnerId, changes.secret), previousForMs: previousForMs({}) };
    const edit = (present: Subscription): Subscription => {
      requireOwner(caller, present);
      return changed(present, changes, nowMicros());
    };
    const result = await subscriptions.change(scope, id, edit, secret);
    if (result === undefined) throw subscriptionNotFound();
    return result;
  };

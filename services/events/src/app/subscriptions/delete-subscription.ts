import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import { subscriptionNotFound } from '../../domain/subscriptions/refusals.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import type { FindSubscriptions } from './find-subscription.ts';

/** Ends a subscription of the caller's; a tenant admin ends anybody's. A poll that waits ends with it. */
export const createDeleteSubscription =
  ({
    find,
    subscriptions,
  }: {
    readonly find: Pick<FindSubscriptions, 'visible'>;
    readonly subscriptions: Pick<SubscriptionStore, 'remove'>;
  }) =>
  async (caller: Caller, id: string): Promise<void> => {
    await find.visible(caller, id);
    if (!(await subscriptions.remove(scopeId(caller.scope), id))) throw subscriptionNotFound();
  };

import { type Caller, isTenantAdmin } from '@scaivault/pipeline';
import { isId, scopeId } from '@scaivault/tenancy';
import { notPolling, subscriptionNotFound } from '../../domain/subscriptions/refusals.ts';
import { isSameOwner, type Owner, type Subscription } from '../../domain/subscriptions/subscription.ts';
import type { SubscriptionStore, TenantScope } from '../../ports/subscriptions.ts';

export const ownerOf = ({ homeTenantId, tenantId, subjectId, identityType, identityId }: Caller): Owner => ({
  tenantId: homeTenantId ?? tenantId,
  subjectId,
  identityType,
  identityId,
});

/** Subscriptions are a tenant's own; nothing of them is a partner's. */
export const tenantOf = ({ scope }: Pick<Caller, 'scope'>): TenantScope => {
  if (scope.kind === 'tenant') return scope;
  throw new Error('A caller acts in a tenant.');
};

/** Throws 404 `subscription_not_found` for everybody but the owner. */
export const requireOwner = (caller: Caller, { owner }: Pick<Subscription, 'owner'>): void => {
  if (!isSameOwner(owner, ownerOf(caller))) throw subscriptionNotFound();
};

/** 404 `subscription_not_found` for what is absent and for what is not the caller's. */
export type FindSubscription = (caller: Caller, id: string) => Promise<Subscription>;

export const createFindSubscription = ({
  subscriptions,
}: {
  readonly subscriptions: Pick<SubscriptionStore, 'find'>;
}) => {
  const find: FindSubscription = async (caller, id) => {
    const found = isId('sub', id) ? await subscriptions.find(scopeId(caller.scope), id) : undefined;
    if (found === undefined) throw subscriptionNotFound();
    return found;
  };
  const own: FindSubscription = async (caller, id) => {
    const found = await find(caller, id);
    requireOwner(caller, found);
    return found;
  };
  return {
    /** For what an administrator may do too: see and delete. */
    visible: async (caller: Caller, id: string) =>
      isTenantAdmin(caller) ? await find(caller, id) : await own(caller, id),
    own,
    /** The owner's, of delivery type polling; 422 for another. */
    polled: async (caller: Caller, id: string) => {
      const found = await own(caller, id);
      if (found.delivery.type !== 'polling') throw notPolling();
      return found;
    },
  };
};

export type FindSubscriptions = ReturnType<typeof createFindSubscription>;

import type { AbsentIdentity, FindAbsent } from '@scaivault/pipeline';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import { maySee } from '../../domain/subscriptions/may-see.ts';
import type { Owner } from '../../domain/subscriptions/subscription.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';

/** Whether an event may be sent to the address of a subscription now; to be asked before each attempt. */
export type MayDispatch = (
  scopeId: ScopeId,
  subscriptionId: string,
  event: { readonly path: string | null },
) => Promise<boolean>;

const tenantPrefix = 't:';

const whoIs = (scopeId: ScopeId, { tenantId: home, ...owner }: Owner): AbsentIdentity => {
  const tenantId = scopeId.slice(tenantPrefix.length) as TenantId;
  return { ...owner, tenantId, homeTenantId: home === tenantId ? null : home };
};

/**
 * Judges for an owner who is not there (rest-api-core 10): by the policies in force and his role in the directory; what
 * depends on address, token or second factor counts against him. False for a subscription that is not active or is gone.
 * 503 while authority cannot be had: nothing is sent on a guess.
 */
export const createMayDispatch =
  ({
    subscriptions,
    findAbsent,
  }: {
    readonly subscriptions: Pick<SubscriptionStore, 'find'>;
    readonly findAbsent: FindAbsent;
  }): MayDispatch =>
  async (scopeId, subscriptionId, event) => {
    const subscription = await subscriptions.find(scopeId, subscriptionId);
    if (subscription?.status !== 'active') return false;
    const owner = await findAbsent(whoIs(scopeId, subscription.owner));
    return owner !== undefined && maySee({ ...owner, seesPathless: true }, event);
  };

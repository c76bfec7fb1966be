import { type Caller, isTenantAdmin } from '@scaivault/pipeline';
import { type CursorCodec, type Page, type PageRequest, readPage, scopeId } from '@scaivault/tenancy';
import type { Subscription } from '../../domain/subscriptions/subscription.ts';
import type { SubscriptionStore } from '../../ports/subscriptions.ts';
import { ownerOf } from './find-subscription.ts';

/** The caller's own subscriptions; for a tenant admin everybody's. */
export const createListSubscriptions =
  ({
    subscriptions,
    cursors,
  }: {
    readonly subscriptions: Pick<SubscriptionStore, 'list'>;
    readonly cursors: CursorCodec;
  }) =>
  (caller: Caller, request: PageRequest): Promise<Page<Subscription>> => {
    const scope = scopeId(caller.scope);
    const owner = isTenantAdmin(caller) ? undefined : ownerOf(caller);
    const filters = { owner: owner && [owner.tenantId, owner.subjectId] };
    const binding = { scopeId: scope, route: 'ListSubscriptions', filters };
    return readPage(cursors, binding, request, (after, limit) => subscriptions.list(scope, { owner, after, limit }));
  };

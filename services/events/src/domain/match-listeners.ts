import { type ScopeId, scopeId, tenantScope } from '@scaivault/tenancy';
import { compileListener } from './compile-listener.ts';
import type { IncomingEvent } from './incoming-event.ts';
import type { Listener } from './listener.ts';

/** An event and somebody who wants it. */
export interface Match {
  readonly listener: Listener;
  readonly event: IncomingEvent;
}

/** An event of a tenant is that tenant's alone; one about a partner's shared objects is offered to each of its tenants. */
const concerns = ({ tenantId, partnerId }: IncomingEvent, listener: Listener): boolean =>
  tenantId === null ? listener.partnerId === partnerId : listener.scopeId === scopeId(tenantScope(tenantId, partnerId));

/** Who wants what, by tenant: the tenants in the order of their ids, in each of them the events as they came. */
export const matchListeners = (
  events: readonly IncomingEvent[],
  listeners: readonly Listener[],
): ReadonlyMap<ScopeId, readonly Match[]> => {
  const byTenant = Map.groupBy(listeners, (listener) => listener.scopeId);
  const matches = new Map<ScopeId, readonly Match[]>();
  for (const tenant of [...byTenant.keys()].toSorted()) {
    const compiled = (byTenant.get(tenant) ?? []).map((listener) => ({ listener, hears: compileListener(listener) }));
    const found = events.flatMap((event) =>
      compiled
        .filter(({ listener, hears }) => concerns(event, listener) && hears(event))
        .map(({ listener }) => ({ listener, event })),
    );
    if (found.length > 0) matches.set(tenant, found);
  }
  return matches;
};

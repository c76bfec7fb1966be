import type { PartnerId, TenantId } from '@scaivault/tenancy';
import { compileListener } from './compile-listener.ts';
import type { IncomingEvent } from './incoming-event.ts';
import type { Listener } from './listener.ts';

/** An event and somebody who wants it. */
export interface Match {
  readonly listener: Listener;
  readonly event: IncomingEvent;
}

/** A tenant, with the partner it belongs to now. */
export interface Place {
  readonly tenantId: TenantId;
  readonly partnerId: PartnerId;
}

/** An event of a tenant is that tenant's alone; one about a partner's shared objects is offered to each of its tenants. */
const concerns = ({ audience }: IncomingEvent, { tenantId, partnerId }: Place): boolean =>
  audience.kind === 'tenant' ? audience.tenantId === tenantId : audience.partnerId === partnerId;

/** Which of a tenant's listeners want which of these events: the events as they came. */
export const matchListeners = (
  events: readonly IncomingEvent[],
  place: Place,
  listeners: readonly Listener[],
): readonly Match[] => {
  const compiled = listeners.map((listener) => ({ listener, hears: compileListener(listener) }));
  return events
    .filter((event) => concerns(event, place))
    .flatMap((event) =>
      compiled.filter(({ hears }) => hears(event)).map(({ listener }): Match => ({ listener, event })),
    );
};

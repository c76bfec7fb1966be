import { create } from '@bufbuild/protobuf';
import {
  EventIntakeService,
  FindAccessScopesResponseSchema,
  type ShippedEvent,
  TakeEventsResponseSchema,
} from '@scaivault/contracts';
import { createDispatcher, type Dispatcher, mount } from '@scaivault/runtime';

/** Stands for the events service: keeps what outboxes ship, each event once, in the order of arrival. */
export const createFakeEvents = (): {
  readonly shipped: readonly ShippedEvent[];
  readonly accessScopes: Set<string>;
  readonly dispatcher: Dispatcher;
} => {
  const accessScopes = new Set<string>();
  const shipped: ShippedEvent[] = [];
  const service = mount(EventIntakeService, {
    takeEvents: ({ events }) => {
      for (const event of events) if (!shipped.some(({ eventId }) => eventId === event.eventId)) shipped.push(event);
      return create(TakeEventsResponseSchema);
    },
    findAccessScopes: () => create(FindAccessScopesResponseSchema, { scopes: [...accessScopes] }),
  });
  const dispatcher = createDispatcher([service], (_method, handler) => handler);
  return { shipped, accessScopes, dispatcher };
};

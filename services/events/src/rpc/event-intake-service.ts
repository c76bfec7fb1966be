import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { type EventIntakeService, type ShippedEvent, TakeEventsResponseSchema } from '@scaivault/contracts';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import type { createTakeEvents } from '../app/take-events.ts';
import type { IncomingEvent } from '../domain/incoming-event.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

const decodeEvent = (event: ShippedEvent): IncomingEvent => ({
  id: event.eventId,
  type: event.eventType,
  atMicros: Number(event.timestampMicros),
  tenantId: event.tenantId === undefined ? null : parseTenantId(event.tenantId),
  partnerId: parsePartnerId(event.partnerId),
  identityId: event.identityId,
  path: event.path ?? null,
  data: decoder.decode(event.data),
  requestId: event.requestId ?? null,
  secretType: event.secretType ?? null,
  tags: event.tags,
});

/** What outboxes ship, over the wire. */
export const createEventIntakeService = ({
  takeEvents,
}: {
  readonly takeEvents: ReturnType<typeof createTakeEvents>;
}): ServiceImpl<typeof EventIntakeService> => ({
  takeEvents: async ({ events }) => {
    await takeEvents(events.map(decodeEvent));
    return create(TakeEventsResponseSchema);
  },
});

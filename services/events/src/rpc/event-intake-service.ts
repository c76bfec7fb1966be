import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type EventIntakeService,
  FindAccessScopesResponseSchema,
  type ShippedEvent,
  TakeEventsResponseSchema,
} from '@scaivault/contracts/events/v1/intake';
import { fieldError } from '@scaivault/errors';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import type { FindAccessScopes } from '../app/find-access-scopes.ts';
import type { TakeEvents } from '../app/take-events.ts';
import type { IncomingEvent } from '../domain/incoming-event.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

const decodeAudience = ({ tenantId, partnerId }: ShippedEvent): IncomingEvent['audience'] => {
  if (tenantId !== undefined) return { kind: 'tenant', tenantId: parseTenantId(tenantId) };
  if (partnerId !== undefined) return { kind: 'partner', partnerId: parsePartnerId(partnerId) };
  throw fieldError('events', 'required', 'must each name a tenant or a partner');
};

const decodeEvent = (event: ShippedEvent): IncomingEvent => ({
  id: event.eventId,
  type: event.eventType,
  atMicros: Number(event.timestampMicros),
  audience: decodeAudience(event),
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
  findAccessScopes,
}: {
  readonly takeEvents: TakeEvents;
  readonly findAccessScopes: FindAccessScopes;
}): ServiceImpl<typeof EventIntakeService> => ({
  takeEvents: async ({ events }) => {
    await takeEvents(events.map(decodeEvent));
    return create(TakeEventsResponseSchema);
  },

  findAccessScopes: async () => {
    const scopes = await findAccessScopes();
    return create(FindAccessScopesResponseSchema, { scopes: [...(scopes ?? [])], everybody: scopes === undefined });
  },
});

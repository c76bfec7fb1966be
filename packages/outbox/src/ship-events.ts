import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { EventIntakeService, type ShippedEventSchema } from '@scaivault/contracts/events/v1/intake';
import { createClient } from '@scaivault/runtime';
import { isPartnerScopeId } from '@scaivault/tenancy';
import type { OutboxEvent } from './outbox-table.ts';

/** One batch; what takes longer is sent again, which stores nothing twice. */
const timeoutMs = 10_000;

const encode = ({ scopeId, ...event }: OutboxEvent): MessageInitShape<typeof ShippedEventSchema> => ({
  eventId: event.id,
  eventType: event.type,
  timestampMicros: BigInt(event.atMicros),
  [isPartnerScopeId(scopeId) ? 'partnerId' : 'tenantId']: scopeId.slice(2),
  identityId: event.identityId,
  data: Buffer.from(event.data),
  tags: [...event.tags],
  ...(event.path === null ? {} : { path: event.path }),
  ...(event.requestId === null ? {} : { requestId: event.requestId }),
  ...(event.secretType === null ? {} : { secretType: event.secretType }),
});

/** Ships events to the events service; resolves when they are kept there. */
export const createShipEvents = (transport: Transport): ((events: readonly OutboxEvent[]) => Promise<void>) => {
  const intake = createClient(EventIntakeService, transport);
  return async (events) => {
    await intake.takeEvents({ events: events.map(encode) }, { timeoutMs });
  };
};

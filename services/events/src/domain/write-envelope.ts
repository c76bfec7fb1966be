import { formatMicros, type PartnerId } from '@scaivault/tenancy';
import type { IncomingEvent } from './incoming-event.ts';

/**
 * The envelope as every receiver in a tenant of that partner gets it, members in the order of rest-api-core 8.1; `path` is
 * left out where there is none.
 */
export const writeEnvelope = (event: IncomingEvent, partnerId: PartnerId): string => {
  const head = {
    event_id: event.id,
    event_type: event.type,
    timestamp: formatMicros(event.atMicros),
    tenant_id: event.audience.kind === 'tenant' ? event.audience.tenantId : null,
    partner_id: partnerId,
    identity_id: event.identityId,
    ...(event.path === null ? {} : { path: event.path }),
  };
  // The data stand there as the service wrote them.
  return `${JSON.stringify(head).slice(0, -1)},"data":${event.data},"request_id":${JSON.stringify(event.requestId)}}`;
};

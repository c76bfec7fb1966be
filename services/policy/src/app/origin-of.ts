import type { EventOrigin } from '@scaivault/outbox';
import type { Caller } from '@scaivault/pipeline';

/** The caller's deed, now. */
export const originOf = ({ identityId, request }: Caller, atMicros: number): EventOrigin => ({
  identityId,
  requestId: request.requestId,
  atMicros,
});

import type { EventOrigin } from '@scaivault/outbox';
import type { Caller } from '@scaivault/pipeline';

/** The caller's deed, now. */
export const originOf = (
  { identityId, request }: Pick<Caller, 'identityId' | 'request'>,
  atMicros: number,
): EventOrigin => ({ identityId, requestId: request.requestId, atMicros });

import { VaultError } from '@scaivault/errors';
import type { Secret } from '@scaivault/runtime';
import { type Envelope, parseEnvelope } from '../domain/envelope.ts';
import { unsound } from '../domain/unsound.ts';
import { verifySignature } from '../domain/verify-signature.ts';

/** One POST of ScaiKey as it arrived: the raw body, and headers as far as they were sent. */
export interface Delivery {
  readonly body: Uint8Array;
  readonly signature: string | undefined;
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
}

const largestBody = 1_048_576;

const requireAgreement = (header: string | undefined, member: string, field: string): void => {
  if (header !== member) throw unsound(field, 'differs between header and body');
};

/** Checks who sent it before anything in it is looked at (rest-api-core 11.2). */
export const createOpenDelivery =
  ({ secrets, nowMs }: { readonly secrets: readonly Secret[]; readonly nowMs: () => number }) =>
  ({ body, signature, eventId, eventType }: Delivery): Envelope => {
    if (secrets.length === 0) {
      throw new VaultError('service_unavailable', 'No secret for events of ScaiKey is configured.');
    }
    if (body.length > largestBody) {
      throw new VaultError('payload_too_large', `An event is at most ${largestBody} bytes long.`, {
        details: { limit_bytes: largestBody, actual_bytes: body.length },
      });
    }
    verifySignature(signature, body, secrets, nowMs());
    const envelope = parseEnvelope(body);
    requireAgreement(eventId, envelope.eventId, 'event_id');
    requireAgreement(eventType, envelope.eventType, 'event_type');
    return envelope;
  };

export type OpenDelivery = ReturnType<typeof createOpenDelivery>;

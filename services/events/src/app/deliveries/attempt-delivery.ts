import { type AttemptOutcome, answered } from '../../domain/deliveries/attempt.ts';
import type { Parcel } from '../../domain/deliveries/delivery.ts';
import { deliveryHeaders } from '../../domain/deliveries/sign-delivery.ts';
import type { SealedSecrets, SecretBox, Send } from '../../ports/deliveries.ts';

type Sent = Omit<Parcel, 'attempt' | 'path'>;

/** Makes one attempt. 503 when the signing secret cannot be opened; then nothing was sent. */
export type AttemptDelivery = (parcel: Sent, secrets: SealedSecrets, timeoutMs: number) => Promise<AttemptOutcome>;

export const createAttemptDelivery =
  ({
    box,
    send,
    nowMs,
    elapsedMs,
  }: {
    readonly box: Pick<SecretBox, 'open'>;
    readonly send: Send;
    readonly nowMs: () => number;
    /** Of a clock that nobody sets. */
    readonly elapsedMs: () => number;
  }): AttemptDelivery =>
  async (parcel, sealed, timeoutMs) => {
    const secrets = await box.open(parcel, parcel.partnerId, sealed);
    const headers = deliveryHeaders(parcel, secrets, Math.floor(nowMs() / 1000));
    const beganMs = elapsedMs();
    const answer = await send({ url: parcel.url, headers, body: parcel.body, timeoutMs });
    const durationMs = Math.round(elapsedMs() - beganMs);
    return typeof answer === 'number'
      ? answered(answer, durationMs)
      : { responseCode: null, durationMs, error: answer };
  };

import { VaultError } from '@scaivault/errors';

type Reason = 'mismatch' | 'in_progress' | 'answer_lost';

const conflict = (reason: Reason, message: string, retryAfterSeconds?: number): VaultError =>
  new VaultError('idempotency_conflict', message, {
    details: { reason },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });

/** The key was used for another request (rest-api-core 1.6). */
export const mismatch = (): VaultError => conflict('mismatch', 'This Idempotency-Key was used for another request.');

/** The first request with this key is not through. */
export const inProgress = (): VaultError =>
  conflict('in_progress', 'The first request with this Idempotency-Key is still running.', 1);

/** The request took effect, and its process died before the answer was kept: to run it again would double it. */
export const answerLost = (): VaultError =>
  conflict('answer_lost', 'This request was carried out, but its answer is lost. Read what it has changed.');

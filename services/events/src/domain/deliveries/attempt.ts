/** Why an attempt failed (rest-api-core 9). */
export type AttemptError = 'timeout' | 'connect' | 'tls' | 'blocked_target' | 'http_status';

/** How an attempt went. */
export interface AttemptOutcome {
  /** Null without an answer. */
  readonly responseCode: number | null;
  readonly durationMs: number;
  /** Null: a 2xx came in time. */
  readonly error: AttemptError | null;
}

export type DeliveryStatus = 'success' | 'failed' | 'pending';

/** What a receiver answered: any 2xx is success, everything else is not, redirects included. */
export const answered = (responseCode: number, durationMs: number): AttemptOutcome => ({
  responseCode,
  durationMs,
  error: responseCode >= 200 && responseCode < 300 ? null : 'http_status',
});

import { VaultError } from '@scaivault/errors';

/** 503 `audit_unavailable` (rest-api-core 1.8, 7.1): no answer without a record. */
export const auditUnavailable = (retryAfterSeconds: number, cause?: unknown): VaultError =>
  new VaultError('audit_unavailable', 'The audit journal cannot take records at the moment.', {
    retryAfterSeconds,
    ...(cause === undefined ? {} : { cause }),
  });

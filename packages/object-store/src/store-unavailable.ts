import { VaultError } from '@scaivault/errors';

/** 503 with a Retry-After of 1 to 5 seconds, spread so that callers do not come back all at once. */
export const storeUnavailable = (cause: Error): VaultError =>
  new VaultError('service_unavailable', 'The object store is not available at the moment.', {
    cause,
    retryAfterSeconds: 1 + Math.floor(Math.random() * 5),
  });

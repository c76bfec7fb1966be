import { VaultError } from '@scaivault/errors';

/** What a caller is told when a peer is away, silent, or does not know the RPC: the same on every wire. */
export const unreachable = (cause?: unknown): VaultError =>
  new VaultError('service_unavailable', 'A part of the service is not reachable. Try again.', {
    ...(cause === undefined ? {} : { cause }),
    retryAfterSeconds: 1,
  });

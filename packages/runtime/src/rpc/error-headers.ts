import type { VaultError } from '@scaivault/errors';

const headersByError = new WeakMap<VaultError, Headers>();

/** Remembers the answer headers (rate limit figures, request id) that belong to a refusal that crossed a wire. */
export const withHeaders = (error: VaultError, headers: Headers | undefined): VaultError => {
  if (headers !== undefined) headersByError.set(error, headers);
  return error;
};

/** Answer headers that came with a refusal, if any. */
export const headersOf = (error: VaultError): Headers | undefined => headersByError.get(error);

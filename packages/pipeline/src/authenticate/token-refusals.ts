import { VaultError } from '@scaivault/errors';

/** 401 `token_invalid`; what is wrong with the token goes to the log alone. */
export const tokenInvalid = (cause: unknown): VaultError =>
  new VaultError('token_invalid', 'The token is not valid.', {
    cause: typeof cause === 'string' ? new Error(cause) : cause,
  });

/** 401 `token_expired`. */
export const tokenExpired = (): VaultError => new VaultError('token_expired', 'The token has expired. Get a new one.');

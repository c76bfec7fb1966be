import type { VaultError } from './vault-error.ts';

export interface ErrorEnvelope {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly request_id: string;
  };
}

/** The body of every refusal (rest-api-core 1.9); `details` is left out when the code has none. */
export const errorEnvelope = (error: VaultError, requestId: string): ErrorEnvelope => ({
  error: {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    request_id: requestId,
  },
});

import { type ErrorCode, errorCatalogue } from './catalogue.ts';

/** Structured facts that belong to a code; JSON values only, and never a secret value. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface VaultErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  /** Whole seconds after which the same request may succeed; becomes the Retry-After header. */
  readonly retryAfterSeconds?: number;
}

/**
 * The one error type of the house. `message` is shown to callers, so it holds no SQL, no upstream text and no value;
 * what really happened travels as `cause` and ends in the log.
 */
export class VaultError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, publicMessage: string, options: VaultErrorOptions = {}) {
    // Where a refusal was decided is nobody's question, and to find out costs a tenth of a decision; failures keep their stacks.
    const { stackTraceLimit } = Error;
    if (errorCatalogue[code].http < 500) Error.stackTraceLimit = 0;
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'VaultError';
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get httpStatus(): number {
    return errorCatalogue[this.code].http;
  }
}

/** True when `error` is a VaultError, and of that code when one is named. */
export const isVaultError = (error: unknown, code?: ErrorCode): error is VaultError =>
  error instanceof VaultError && (code === undefined || error.code === code);

/** Whatever was thrown as a VaultError: an unknown failure becomes `internal_error` with the original as its cause. */
export const toVaultError = (error: unknown): VaultError =>
  error instanceof VaultError
    ? error
    : new VaultError('internal_error', 'An internal error occurred. Report it with the request id.', { cause: error });

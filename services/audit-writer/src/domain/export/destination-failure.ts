export type FailureReason = 'access_denied' | 'bucket_not_found' | 'refused' | 'unreachable' | 'target_not_allowed';

const messages: Readonly<Record<FailureReason, string>> = {
  access_denied: 'The store refused the credentials.',
  bucket_not_found: 'The store knows no such bucket.',
  refused: 'The store refused the file.',
  unreachable: 'The store did not answer.',
  target_not_allowed: 'The store has an address that is not allowed.',
};

/** Why a file could not be written. The message holds the status at most: what a store writes may hold what was sent. */
export class DestinationFailure extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, status?: number, cause?: unknown) {
    super(status === undefined ? messages[reason] : `${messages[reason]} (HTTP ${status})`, { cause });
    this.name = 'DestinationFailure';
    this.reason = reason;
  }
}

const reasons: Readonly<Record<number, FailureReason>> = {
  401: 'access_denied',
  403: 'access_denied',
  404: 'bucket_not_found',
};

/** Such a status may be another one tomorrow. */
const isForLater = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** What a status says of a file that was put; undefined: it is there. */
export const failureOf = (status: number): DestinationFailure | undefined =>
  status >= 200 && status < 300
    ? undefined
    : new DestinationFailure(reasons[status] ?? (isForLater(status) ? 'unreachable' : 'refused'), status);

export type FailureReason = 'record_changed' | 'record_missing' | 'chain_broken' | 'signature_invalid';

/** The first thing that is wrong (rest-api-core 7.2). */
export interface VerificationFailure {
  /** Undefined behind the last checkpoint. */
  readonly checkpointId: string | undefined;
  readonly eventSeq: number;
  readonly reason: FailureReason;
}

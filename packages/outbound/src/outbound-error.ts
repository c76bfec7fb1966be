export type OutboundFailure = 'timeout' | 'connect' | 'tls' | 'blocked_target';

/** Why a target gave no answer. The message names nothing that was found out about its network. */
export class OutboundError extends Error {
  readonly failure: OutboundFailure;

  constructor(failure: OutboundFailure, cause?: unknown) {
    super(`The target gave no answer: ${failure}.`, { cause });
    this.name = 'OutboundError';
    this.failure = failure;
  }
}

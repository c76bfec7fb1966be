import type { Caller } from '../caller.ts';
import type { Once } from './once.ts';

/** A request with an Idempotency-Key. */
export interface KeyedRequest {
  readonly caller: Pick<
    Caller,
    'tenantId' | 'partnerId' | 'homeTenantId' | 'scope' | 'objectScope' | 'sharedScope' | 'identityId'
  >;
  /** 1 to 128 printable ASCII characters. */
  readonly key: string;
  /** gRPC path, `/package.Service/Method`. */
  readonly rpc: string;
  /** The request message, encoded. */
  readonly message: Uint8Array;
}

/** The one run that carries the request out. */
export interface Run extends Once {
  /** True once a transaction of the operation has called `commit`. */
  readonly isMarked: boolean;
  /** Writes the answer that later requests with the key get, encrypted. */
  keep(answer: Uint8Array): Promise<void>;
  /** There is no answer to keep: lets the next request with the key run, unless this one has committed. */
  release(): Promise<void>;
}

/** A request runs, or is answered with what was kept of the first one. */
export type Beginning = { readonly run: Run } | { readonly kept: Uint8Array };

/** Remembers requests by their Idempotency-Key for 24 hours, per tenant and identity (rest-api-core 1.6). */
export interface Idempotency {
  /**
   * 409 `idempotency_conflict` with `details.reason` `mismatch`, `in_progress` or `answer_lost`; 503 when the database or
   * the key chain is away.
   */
  begin(request: KeyedRequest): Promise<Beginning>;
  /** Removes what is older than 24 hours, in batches. */
  sweep(): Promise<void>;
}

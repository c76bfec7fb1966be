import type { Tx } from '@scaivault/db';

/**
 * The right to carry out a request with an Idempotency-Key, once (rest-api-core 1.6). Use cases hand it on to the store
 * unseen; a call without a key has none.
 */
export interface Once {
  /**
   * Last statement of the operation's own transaction: the request is carried out exactly if that transaction commits.
   * 409 `idempotency_conflict`, and so no commit, when the right has gone to a later run meanwhile.
   */
  commit(tx: Tx): Promise<void>;
}

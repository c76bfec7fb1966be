import type { ScopeId } from '@scaivault/tenancy';

/**
 * Where large ciphertexts live (architecture, "State lives in PostgreSQL, the object store and the KMS"). The store knows
 * nothing of keys; whoever reads checks what it got by opening it. Keys are 64 lower-case hex characters; anything else,
 * and a scope id that no tenant or partner can have, is a mistake of the caller and an Error. What the store cannot do
 * now is VaultError `service_unavailable`. Every driver passes `objectStoreContract` and sets its own deadline.
 */
export interface ObjectStore {
  /** Durable when it resolves. Keys are content addressed, so putting the same key again is the same object. */
  put(scopeId: ScopeId, key: string, bytes: Uint8Array): Promise<void>;
  /** undefined: there is no such object. Every other failure throws. The buffer is the caller's own. */
  get(scopeId: ScopeId, key: string): Promise<Buffer | undefined>;
  /** Objects that are not there count as deleted. */
  delete(scopeId: ScopeId, key: string): Promise<void>;
  /** Rejects when the store cannot be used now (for the health report). */
  check(): Promise<void>;
  /** Lets running calls end; later ones are refused with `service_unavailable`. May be called twice. */
  close(): Promise<void>;
}

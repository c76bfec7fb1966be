import type { ScopeId } from '@scaivault/tenancy';

/** The level of a wrapped key; `data` under the root is KEY_PROTECTION=direct (rest-api-core 14). */
export type KeyLevel = 'partner' | 'tenant' | 'data';

/** What a wrapped key is for. Drivers bind it as additional data or encryption context. */
export interface KeyContext {
  readonly level: KeyLevel;
  readonly scopeId: ScopeId;
}

export interface RootWrappedKey {
  readonly wrapped: Buffer;
  /** `<provider>:<the root key and, where the KMS has them, its version>`; the colon tells it from a key id. */
  readonly keyRef: string;
}

export interface RootKeyDescription {
  readonly provider: string;
  /** The root key that `wrap` uses now. */
  readonly keyRef: string;
  readonly algorithm: string;
}

/**
 * The port to the KMS or HSM that holds the root key (rest-api-core 14). Every driver passes `keyWrapperContract` and
 * sets its own deadline. A KMS that cannot be reached is VaultError `kms_unavailable`; a blob or a context that does not
 * fit is IntegrityError; a root key that is missing or not allowed is VaultError `invalid_config`.
 */
export interface KeyWrapper {
  readonly provider: string;
  /** Wraps 32 raw bytes under the present root key; `key` stays the caller's, who wipes it. */
  wrap(key: Uint8Array, context: KeyContext): Promise<RootWrappedKey>;
  /** The raw key; `keyRef` as `wrap` returned it. The caller wipes the buffer. */
  unwrap(wrapped: Uint8Array, keyRef: string, context: KeyContext): Promise<Buffer>;
  describe(): Promise<RootKeyDescription>;
  /** Lets go of key and connection; later calls are refused with `kms_unavailable`. May be called twice. */
  close(): Promise<void>;
}

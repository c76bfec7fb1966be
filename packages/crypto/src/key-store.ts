import type { ScopeId } from '@scaivault/tenancy';

/** A wrapped partner or tenant key as it is stored; several generations of one scope live side by side. */
export interface KeyRecord {
  /** `key_` and something unique, without a colon. */
  readonly id: string;
  readonly scopeId: ScopeId;
  readonly level: 'partner' | 'tenant';
  /** 1, 2, 3 … within its scope. */
  readonly generation: number;
  readonly wrapped: Buffer;
  /** The id of the partner key, or for a partner key the keyRef of the root. */
  readonly wrappedBy: string;
  readonly status: 'active' | 'retired';
}

/** The port to the table of wrapped keys. `undefined` is "no such row"; an outage throws. */
export interface KeyStore {
  /** The active record, read anew each time: a rotation binds the very next write (rest-api-core 14). */
  current(scopeId: ScopeId): Promise<KeyRecord | undefined>;
  /** A record of any status. */
  byId(scopeId: ScopeId, id: string): Promise<KeyRecord | undefined>;
  /** Inserts the first record of a scope, durably; when another one won the race, returns that one instead. */
  insertFirst(record: KeyRecord): Promise<KeyRecord>;
}

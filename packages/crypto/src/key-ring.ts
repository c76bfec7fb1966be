import { randomBytes, randomUUID } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import { partnerScope, type Scope, type ScopeId, scopeId } from '@scaivault/tenancy';
import { type CachedKey, createKeyCache } from './key-cache.ts';
import type { KeyRecord, KeyStore } from './key-store.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { keyBytes, takeSecretKey } from './secret-key.ts';
import { createSingleFlight } from './single-flight.ts';
import { type ParentKey, unwrapKey, wrapKey } from './wrap-key.ts';

export interface KeyRingOptions {
  readonly wrapper: KeyWrapper;
  readonly store: KeyStore;
  readonly cacheTtlMs: number;
  readonly cacheMax: number;
  /** How much longer than `cacheTtlMs` cached keys serve while the KMS is away (KEY_CACHE_GRACE). */
  readonly graceMs: number;
  /** A clock that never steps back, e.g. `performance.now`; above 0. */
  readonly nowMs: () => number;
  /** Ids of new keys, unique and without a colon; `key_<uuid>` when left out. */
  readonly newKeyId?: () => string;
}

/** The partner and tenant keys, unwrapped on demand. */
export interface KeyRing {
  /** The key that wraps new data of a scope; made when the scope has none. */
  current(scope: Scope): Promise<ParentKey>;
  /** A key of any generation, at once when it is in use; `internal_error` when there is none of this id in this scope. */
  byId(scope: Scope, id: string): ParentKey | Promise<ParentKey>;
  close(): void;
}

const cacheId = (owner: ScopeId, keyId: string): string => `${owner} ${keyId}`;

/** The middle levels of the key chain (rest-api-core 14): partner keys under the root, tenant keys under those. */
export const createKeyRing = ({
  wrapper,
  store,
  cacheTtlMs,
  cacheMax,
  graceMs,
  nowMs,
  newKeyId = () => `key_${randomUUID()}`,
}: KeyRingOptions): KeyRing => {
  const cache = createKeyCache({ ttlMs: cacheTtlMs, graceMs, max: cacheMax, nowMs });
  const onceFirst = createSingleFlight<KeyRecord>();

  const unwrapRecord = async (scope: Scope, { wrapped, wrappedBy }: KeyRecord): Promise<CachedKey> => {
    const context = { level: scope.kind, scopeId: scopeId(scope) };
    if (scope.kind === 'partner') {
      const confirmedAtMs = nowMs();
      const raw = await wrapper.unwrap(wrapped, wrappedBy, context);
      return { key: takeSecretKey(raw), confirmedAtMs, retryAtMs: confirmedAtMs };
    }
    const parent = await cachedById(partnerScope(scope.partnerId), wrappedBy);
    // A tenant key is as old as the KMS's word for its partner key; counting anew would add grace to grace.
    return { ...parent, key: unwrapKey({ id: wrappedBy, key: parent.key }, wrapped, context) };
  };

  const unwrapStored = async (scope: Scope, id: string): Promise<CachedKey> => {
    const record = await store.byId(scopeId(scope), id);
    if (record === undefined) throw new VaultError('internal_error', 'The key that protects this data does not exist.');
    return unwrapRecord(scope, record);
  };

  const cachedById = (scope: Scope, id: string): CachedKey | Promise<CachedKey> => {
    const cached = cacheId(scopeId(scope), id);
    return cache.usable(cached) ?? cache.refresh(cached, () => unwrapStored(scope, id));
  };

  const insertFirst = async (scope: Scope): Promise<KeyRecord> => {
    const context = { level: scope.kind, scopeId: scopeId(scope) };
    const parent = scope.kind === 'tenant' ? await current(partnerScope(scope.partnerId)) : undefined;
    const raw = randomBytes(keyBytes);
    try {
      const { wrapped, keyRef } =
        parent === undefined
          ? await wrapper.wrap(raw, context)
          : { wrapped: wrapKey(parent, raw, context), keyRef: parent.id };
      const record = {
        id: newKeyId(),
        ...context,
        generation: 1,
        wrapped,
        wrappedBy: keyRef,
        status: 'active',
      } as const;
      return await store.insertFirst(record);
    } finally {
      raw.fill(0);
    }
  };

  const current = async (scope: Scope): Promise<ParentKey> => {
    const owner = scopeId(scope);
    const record = (await store.current(owner)) ?? (await onceFirst(owner, () => insertFirst(scope)));
    const cached = cacheId(owner, record.id);
    // A key of our own making takes this way too: before any data depends on it, it came back from the KMS once.
    const { key } = cache.usable(cached) ?? (await cache.refresh(cached, () => unwrapRecord(scope, record)));
    return { id: record.id, key };
  };

  return {
    current,
    byId(scope, id) {
      const found = cachedById(scope, id);
      return found instanceof Promise ? found.then(({ key }) => ({ id, key })) : { id, key: found.key };
    },
    close: cache.close,
  };
};

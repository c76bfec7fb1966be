import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { parsePartnerId, partnerScope, type Scope, scopeId } from '@scaivault/tenancy';
import { contentIdOf } from './content-id.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import { IntegrityError } from './integrity-error.ts';
import { createKeyRing, type KeyRingOptions } from './key-ring.ts';
import { keyBytes, takeSecretKey } from './secret-key.ts';
import { unwrapKey, wrapKey } from './wrap-key.ts';

export interface WrappedDataKey {
  readonly wrappedKey: Buffer;
  /** The id of the tenant or partner key that wraps it, or the keyRef of the root. */
  readonly wrappedBy: string;
}

export interface SealedData extends WrappedDataKey {
  /** An envelope under the data key (see `sealEnvelope`). */
  readonly ciphertext: Buffer;
}

export interface SealedContent extends SealedData {
  /** 64 lower-case hex characters, of this ciphertext alone (see `contentIdOf`). */
  readonly contentId: string;
}

export interface KeyChainOptions extends KeyRingOptions {
  /**
   * What wraps new data keys (KEY_PROTECTION): `chain` the tenant or partner key, `direct` the root itself. Stored data
   * opens by what wrapped it, whichever is set.
   */
  readonly protection: 'chain' | 'direct';
}

/**
 * Encryption of stored data. Each call may end in `kms_unavailable`, in IntegrityError or in what the key store throws,
 * and none belongs into a transaction, since it may wait for the KMS.
 */
export interface KeyChain {
  /** Encrypts under a fresh data key for the place that `aad` names (see `encodeAad`). */
  sealData(scope: Scope, aad: Uint8Array, plaintext: Uint8Array): Promise<SealedData>;
  /**
   * The same for a ciphertext that will lie apart from its row, under a name made from its content. `aadOf` gives the
   * place under that name, so that neither the content nor the name beside the row can be exchanged.
   */
  sealContent(scope: Scope, aadOf: (contentId: string) => Uint8Array, plaintext: Uint8Array): Promise<SealedContent>;
  /** The plaintext of either; `internal_error` when the wrapping key does not exist. Makes no keys. */
  openData(scope: Scope, aad: Uint8Array, sealed: SealedData): Promise<Buffer>;
  /** Asks the KMS to wrap and unwrap a probe, past every cache. */
  health(): Promise<void>;
  /** Drops every unwrapped key and caches none from now on. The key wrapper is closed by whoever opened it. */
  close(): Promise<void>;
}

const probe = { level: 'data', scopeId: scopeId(partnerScope(parsePartnerId('health-probe'))) } as const;

/** A keyRef has its provider in front of a colon (see `RootWrappedKey`); a key id has no colon. */
const namesRoot = (wrappedBy: string): boolean => wrappedBy.includes(':');

/** The key chain of rest-api-core 14; `invalid_config` when the cache bounds are out of range. */
export const createKeyChain = ({ protection, ...ringOptions }: KeyChainOptions): KeyChain => {
  const { wrapper } = ringOptions;
  const ring = createKeyRing(ringOptions);

  const wrapDataKey = async (scope: Scope, raw: Uint8Array): Promise<WrappedDataKey> => {
    const context = { level: 'data', scopeId: scopeId(scope) } as const;
    if (protection === 'direct') {
      const { wrapped, keyRef } = await wrapper.wrap(raw, context);
      return { wrappedKey: wrapped, wrappedBy: keyRef };
    }
    const parent = await ring.current(scope);
    return { wrappedKey: wrapKey(parent, raw, context), wrappedBy: parent.id };
  };

  const unwrapDataKey = (scope: Scope, { wrappedKey, wrappedBy }: WrappedDataKey): KeyObject | Promise<KeyObject> => {
    const context = { level: 'data', scopeId: scopeId(scope) } as const;
    if (namesRoot(wrappedBy)) return wrapper.unwrap(wrappedKey, wrappedBy, context).then(takeSecretKey);
    const parent = ring.byId(scope, wrappedBy);
    return parent instanceof Promise
      ? parent.then((key) => unwrapKey(key, wrappedKey, context))
      : unwrapKey(parent, wrappedKey, context);
  };

  const makeDataKey = async (scope: Scope): Promise<{ dataKey: KeyObject; wrapped: WrappedDataKey }> => {
    const raw = randomBytes(keyBytes);
    try {
      const wrapped = await wrapDataKey(scope, raw);
      return { dataKey: takeSecretKey(raw), wrapped };
    } finally {
      raw.fill(0);
    }
  };

  return {
    async sealData(scope, aad, plaintext) {
      const { dataKey, wrapped } = await makeDataKey(scope);
      return { ciphertext: sealEnvelope(dataKey, plaintext, aad), ...wrapped };
    },
    async sealContent(scope, aadOf, plaintext) {
      const { dataKey, wrapped } = await makeDataKey(scope);
      const contentId = contentIdOf(dataKey, plaintext);
      return { contentId, ciphertext: sealEnvelope(dataKey, plaintext, aadOf(contentId)), ...wrapped };
    },
    async openData(scope, aad, sealed) {
      const dataKey = unwrapDataKey(scope, sealed);
      return openEnvelope(dataKey instanceof Promise ? await dataKey : dataKey, sealed.ciphertext, aad);
    },
    async health() {
      const sent = randomBytes(keyBytes);
      const { wrapped, keyRef } = await wrapper.wrap(sent, probe);
      const received = await wrapper.unwrap(wrapped, keyRef, probe);
      if (received.length !== keyBytes || !timingSafeEqual(sent, received)) throw new IntegrityError('authentication');
    },
    async close() {
      ring.close();
    },
  };
};

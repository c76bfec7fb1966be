import { join } from 'node:path';
import { VaultError } from '@scaivault/errors';
import { parsePartnerId, parseTenantId, partnerScope, tenantScope } from '@scaivault/tenancy';
import { createKeyChain, type KeyChain, type KeyChainOptions } from '../src/key-chain.ts';
import type { KeyWrapper } from '../src/key-wrapper.ts';
import { openLocalKeyWrapper } from '../src/local-key-wrapper.ts';
import { createMemoryKeyStore, type MemoryKeyStore } from './memory-key-store.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export const ttlMs = 300_000;
export const graceMs = 3_600_000;

export const acme = parsePartnerId('acme');
export const shop = tenantScope(parseTenantId('shop'), acme);
export const farm = tenantScope(parseTenantId('farm'), acme);
export const shared = partnerScope(acme);

export interface KmsControl {
  away: boolean;
  wraps: number;
  unwraps: number;
  /** Copies of every raw key that went through the KMS. */
  readonly seen: Buffer[];
  /** Those buffers themselves, which their owner is to wipe. */
  readonly lent: Uint8Array[];
}

export interface Stage extends AsyncDisposable {
  readonly clock: { ms: number };
  readonly kms: KmsControl;
  readonly store: MemoryKeyStore;
  readonly wrapper: KeyWrapper;
  /** A chain as another process would have it: same KMS and store, own cache. */
  chain(options?: Partial<KeyChainOptions>): KeyChain;
}

/** The local driver, counted, and switched off when a test says so. */
const observe = (inner: KeyWrapper, kms: KmsControl): KeyWrapper => {
  const reach = () => {
    if (kms.away) throw new VaultError('kms_unavailable', 'The KMS does not answer.');
  };
  return {
    ...inner,
    async wrap(key, context) {
      kms.wraps++;
      kms.lent.push(key);
      reach();
      kms.seen.push(Buffer.from(key));
      return inner.wrap(key, context);
    },
    async unwrap(wrapped, keyRef, context) {
      kms.unwraps++;
      reach();
      const raw = await inner.unwrap(wrapped, keyRef, context);
      kms.seen.push(Buffer.from(raw));
      kms.lent.push(raw);
      return raw;
    },
  };
};

/** A KMS, a key store and a clock, with as many chains on them as a test wants. */
export const createStage = async (): Promise<Stage> => {
  const folder = await createTemporaryFolder();
  const kms: KmsControl = { away: false, wraps: 0, unwraps: 0, seen: [], lent: [] };
  const clock = { ms: 1_000 };
  const store = createMemoryKeyStore();
  const wrapper = observe(await openLocalKeyWrapper({ keyFile: join(folder.path, 'root.key'), create: true }), kms);
  const defaults: KeyChainOptions = {
    wrapper,
    store,
    protection: 'chain',
    cacheTtlMs: ttlMs,
    cacheMax: 100,
    graceMs,
    nowMs: () => clock.ms,
  };
  const chains: KeyChain[] = [];
  return {
    clock,
    kms,
    store,
    wrapper,
    chain(options = {}) {
      const chain = createKeyChain({ ...defaults, ...options });
      chains.push(chain);
      return chain;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(chains.map((chain) => chain.close()));
      await folder[Symbol.asyncDispose]();
    },
  };
};

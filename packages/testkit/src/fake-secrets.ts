import type { Transport } from '@connectrpc/connect';
import { createDirectTransport, createDispatcher, type PeerName } from '@scaivault/runtime';
import { mountKeySeal } from './mount-key-seal.ts';
import { createTestKeySeal, type TestKeySeal } from './test-key-seal.ts';

/** Stands for the secrets service as far as it seals row keys, for one that calls it by this name. */
export const createFakeSecrets = (
  caller: PeerName,
): { readonly keySeal: TestKeySeal; readonly transport: Transport } => {
  const keySeal = createTestKeySeal();
  const dispatcher = createDispatcher([mountKeySeal(keySeal)], (_method, handler) => handler);
  return { keySeal, transport: createDirectTransport(() => dispatcher, caller) };
};

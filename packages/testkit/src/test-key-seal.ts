import { randomBytes } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import type { KeyedRow, KeySeal } from '@scaivault/pipeline';

export interface TestKeySeal extends KeySeal {
  /** What was asked of it. */
  readonly calls: ('seal' | 'open')[];
  /** While true every call ends in 503. */
  isAway: boolean;
}

/** Stands for the key chain: what it calls a ciphertext is the number of a key that it remembers. */
export const createTestKeySeal = (): TestKeySeal => {
  const keys = new Map<string, { readonly place: string; readonly key: Uint8Array }>();
  const placeOf = ({ tenantId, partnerId, rowId }: KeyedRow): string => JSON.stringify([tenantId, partnerId, rowId]);
  const note = (call: 'seal' | 'open'): void => {
    seal.calls.push(call);
    if (seal.isAway) throw new VaultError('service_unavailable', 'The key chain is away.', { retryAfterSeconds: 1 });
  };
  const seal: TestKeySeal = {
    calls: [],
    isAway: false,
    seal: async (row, key) => {
      note('seal');
      const ciphertext = randomBytes(16);
      keys.set(ciphertext.toString('hex'), { place: placeOf(row), key: Uint8Array.from(key) });
      return { ciphertext, wrappedKey: randomBytes(16), wrappedBy: 'key_test' };
    },
    open: async (row, { ciphertext }) => {
      note('open');
      const known = keys.get(ciphertext.toString('hex'));
      if (known?.place !== placeOf(row)) throw new VaultError('internal_error', 'This key was sealed for another row.');
      return Uint8Array.from(known.key);
    },
  };
  return seal;
};

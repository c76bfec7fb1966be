import { VaultError } from '@scaivault/errors';
import type { SecretCipher } from '../ports.ts';

const tooMuch = (mostBytes: number): VaultError =>
  new VaultError(
    'payload_too_large',
    'The values of this batch do not fit into one answer. Read this path by itself.',
    {
      details: { limit_bytes: mostBytes },
    },
  );

/**
 * Opens values as long as all of them together stay within `mostBytes`; 413 `payload_too_large` for those beyond. Values
 * in the object store, whose size shows only when they are here, are fetched one after the other.
 */
export const createOpenWithin = (
  { open }: Pick<SecretCipher, 'open'>,
  mostBytes: number,
): Pick<SecretCipher, 'open'> => {
  let used = 0;
  let lastFetch: Promise<unknown> = Promise.resolve();
  const reserve = (bytes: number): void => {
    if (used + bytes > mostBytes) throw tooMuch(mostBytes);
    used += bytes;
  };
  return {
    async open(scope, path, version, sealed) {
      if (sealed.ciphertext !== null) {
        reserve(sealed.ciphertext.length);
        return await open(scope, path, version, sealed);
      }
      const fetched = lastFetch.then(async () => {
        const data = await open(scope, path, version, sealed);
        reserve(data.length);
        return data;
      });
      // What became of this one is its own caller's business.
      lastFetch = fetched.catch(() => undefined);
      return await fetched;
    },
  };
};

import { createHash, type KeyObject } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import { encodeFields } from './encode-fields.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import type { KeyContext, KeyWrapper } from './key-wrapper.ts';
import { ensureKeyFile, readKeyFile } from './local-key-file.ts';
import { takeSecretKey } from './secret-key.ts';

const provider = 'local';

export interface LocalKeyWrapperOptions {
  /** Path of a file with 32 raw bytes that only its owner may use. */
  readonly keyFile: string;
  /** Makes the file when there is none. */
  readonly create: boolean;
}

const rootAad = ({ level, scopeId }: KeyContext): Buffer => encodeFields('scaivault:root', level, scopeId);

/** Eight bytes of a hash tell keys apart and say nothing about the 256 random bits behind it. */
const fingerprint = (raw: Uint8Array): string =>
  createHash('sha256').update(encodeFields('scaivault:root-key-ref')).update(raw).digest('hex').slice(0, 16);

/**
 * The driver whose root key is a file of this machine, for development and small installations. Its keyRef is
 * `local:<fingerprint>`; unwrapping what another root key wrapped is `invalid_config`, as is a key file not in order.
 */
export const openLocalKeyWrapper = async ({ keyFile, create }: LocalKeyWrapperOptions): Promise<KeyWrapper> => {
  if (create) await ensureKeyFile(keyFile);
  const raw = await readKeyFile(keyFile);
  const keyRef = `${provider}:${fingerprint(raw)}`;
  let root: KeyObject | undefined = takeSecretKey(raw);

  const rootKey = (): KeyObject => {
    if (root === undefined) throw new VaultError('kms_unavailable', 'The local root key has been closed.');
    return root;
  };

  return {
    provider,
    async wrap(key, context) {
      return { wrapped: sealEnvelope(rootKey(), key, rootAad(context)), keyRef };
    },
    async unwrap(wrapped, wrappedUnder, context) {
      const key = rootKey();
      if (wrappedUnder !== keyRef) {
        throw new VaultError(
          'invalid_config',
          'This data was wrapped under another root key than the one in use. Put the former root key file back.',
          { cause: new Error(`Wrapped under ${wrappedUnder}, while the root key in use is ${keyRef}.`) },
        );
      }
      return openEnvelope(key, wrapped, rootAad(context));
    },
    async describe() {
      return { provider, keyRef, algorithm: 'AES-256-GCM' };
    },
    async close() {
      root = undefined;
    },
  };
};

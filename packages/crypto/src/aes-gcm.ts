import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { IntegrityError } from './integrity-error.ts';

/** Bytes of a nonce; 96 bits is the length GCM is made for (NIST SP 800-38D, 8.2). */
export const nonceBytes = 12;
/** Bytes of an authentication tag: the full length, so that a forgery has no shorter tag to guess. */
export const tagBytes = 16;

const algorithm = 'aes-256-gcm';
const options = { authTagLength: tagBytes };

export interface Sealed {
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** AES-256-GCM under a nonce that was never used with this key before; a key of another length throws RangeError. */
export const encryptAesGcm = (key: KeyObject, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Sealed => {
  const cipher = createCipheriv(algorithm, key, nonce, options).setAAD(aad);
  // GCM is a stream: update gives every byte back, final adds the tag only.
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
};

/** The plaintext of `encryptAesGcm`, or IntegrityError `authentication`; `tag` has 16 bytes. */
export const decryptAesGcm = (
  key: KeyObject,
  nonce: Uint8Array,
  { ciphertext, tag }: Readonly<Record<keyof Sealed, Uint8Array>>,
  aad: Uint8Array,
): Buffer => {
  const decipher = createDecipheriv(algorithm, key, nonce, options).setAAD(aad).setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    // final has one way to fail, and its error knows no more than this one.
    plaintext.fill(0);
    throw new IntegrityError('authentication');
  }
  return plaintext;
};

import { type KeyObject, randomBytes } from 'node:crypto';
import { decryptAesGcm, encryptAesGcm, nonceBytes, tagBytes } from './aes-gcm.ts';
import { IntegrityError } from './integrity-error.ts';

/** Byte 0. Neither printable nor a UTF-8 lead byte of text, so plaintext that was stored by mistake is noticed. */
const formatVersion = 0xf1;
/** Byte 1: AES-256-GCM. */
const aes256Gcm = 0x01;
const header = Buffer.of(formatVersion, aes256Gcm);

const nonceEnd = header.length + nonceBytes;
const tagEnd = nonceEnd + tagBytes;

/** Bytes of the envelope of so many bytes of plaintext. */
export const envelopeBytes = (plaintextBytes: number): number => tagEnd + plaintextBytes;

/** The header is authenticated with the context, so a later format cannot be relabelled as this one. */
const withHeader = (aad: Uint8Array): Buffer => Buffer.concat([header, aad]);

/**
 * Encrypts `plaintext` for the place that `aad` names (see `encodeAad`), under a 256-bit key. The envelope is
 *
 * | offset | bytes | content                                      |
 * |--------|-------|----------------------------------------------|
 * | 0      | 1     | format: 0xF1                                 |
 * | 1      | 1     | algorithm: 0x01 = AES-256-GCM                |
 * | 2      | 12    | nonce, random                                |
 * | 14     | 16    | tag over bytes 0 and 1, `aad` and ciphertext |
 * | 30     | rest  | ciphertext, as long as the plaintext         |
 *
 * Random nonces allow 2^32 envelopes per key (NIST SP 800-38D, 8.3).
 */
export const sealEnvelope = (key: KeyObject, plaintext: Uint8Array, aad: Uint8Array): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const { ciphertext, tag } = encryptAesGcm(key, nonce, plaintext, withHeader(aad));
  return Buffer.concat([header, nonce, tag, ciphertext]);
};

/** The plaintext of `sealEnvelope`; IntegrityError when key, `aad` or any byte differs. */
export const openEnvelope = (key: KeyObject, envelope: Uint8Array, aad: Uint8Array): Buffer => {
  if (envelope.length < tagEnd || envelope[0] !== formatVersion || envelope[1] !== aes256Gcm) {
    throw new IntegrityError('format');
  }
  const nonce = envelope.subarray(header.length, nonceEnd);
  const tag = envelope.subarray(nonceEnd, tagEnd);
  return decryptAesGcm(key, nonce, { ciphertext: envelope.subarray(tagEnd), tag }, withHeader(aad));
};

import { createSecretKey, type KeyObject } from 'node:crypto';
import { IntegrityError } from './integrity-error.ts';

/** Bytes of every key of the chain (AES-256). */
export const keyBytes = 32;

/**
 * Takes over 32 raw key bytes and wipes them: from here on the key exists outside the JavaScript heap only, where OpenSSL
 * cleanses it once the object is collected. IntegrityError `format` for any other length.
 */
export const takeSecretKey = (raw: Buffer): KeyObject => {
  try {
    if (raw.length !== keyBytes) throw new IntegrityError('format');
    return createSecretKey(raw);
  } finally {
    raw.fill(0);
  }
};

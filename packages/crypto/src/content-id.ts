import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { keyBytes, takeSecretKey } from './secret-key.ts';

const use = 'scaivault:content-id';
const noSalt = new Uint8Array();

/**
 * The name of a content under a data key: HMAC-SHA-256 (RFC 2104) in lower-case hex, under a key that HKDF-SHA-256
 * (RFC 5869) derives from the data key. To whoever lacks that key it says nothing about the content, not even whether
 * two contents are equal, as long as each has a data key of its own.
 */
export const contentIdOf = (dataKey: KeyObject, content: Uint8Array): string => {
  const key = takeSecretKey(Buffer.from(hkdfSync('sha256', dataKey, noSalt, use, keyBytes)));
  return createHmac('sha256', key).update(content).digest('hex');
};

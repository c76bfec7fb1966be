import { fieldError, VaultError } from '@scaivault/errors';
import { readJsonObject } from './json-object.ts';

/** 413 `payload_too_large` with both sizes (rest-api-core 1.10). */
export const payloadTooLarge = (what: string, limitBytes: number, actualBytes: number): VaultError =>
  new VaultError('payload_too_large', `${what} has ${actualBytes} bytes; at most ${limitBytes} are taken.`, {
    details: { limit_bytes: limitBytes, actual_bytes: actualBytes },
  });

/** The value of a new version: a JSON object with at least one key, of at most `maxBytes` (rest-api-core 4.1, 4.3). */
export const checkSecretData = (data: Uint8Array | undefined, maxBytes: number): Uint8Array => {
  if (data === undefined || data.length === 0) throw fieldError('data', 'required', 'is required');
  // Before it is parsed: what is too large shall cost nothing more.
  if (data.length > maxBytes) throw payloadTooLarge('The value', maxBytes, data.length);
  const { value } = readJsonObject(data, 'data');
  if (Object.keys(value).length === 0) throw fieldError('data', 'length', 'must have at least one key');
  return data;
};

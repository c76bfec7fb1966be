import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputError, isObject } from './input.ts';

/** RFC 7638 with the members of RFC 8037 A.3. */
const thumbprint = (x: string): string =>
  createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');

/** The Ed25519 keys of a JWK set by their id, which must be their thumbprint. */
export const readKeys = async (path: string): Promise<ReadonlyMap<string, KeyObject>> => {
  const keys = new Map<string, KeyObject>();
  let set: unknown;
  try {
    set = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw new InputError(`${path} cannot be read as JSON`);
  }
  const list = isObject(set) && Array.isArray(set.keys) ? set.keys : undefined;
  if (list === undefined) throw new InputError(`${path} is no JWK set`);
  for (const jwk of list) {
    if (!isObject(jwk) || jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string') continue;
    if (jwk.kid !== thumbprint(jwk.x)) throw new InputError(`${path}: a key does not bear its own name`);
    keys.set(jwk.kid, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' }));
  }
  return keys;
};

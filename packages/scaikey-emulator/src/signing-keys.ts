import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

export const signingAlgorithms = ['ES256', 'RS256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A private key as it lies in the state file; the newest of an algorithm signs, all of them verify. */
export interface StoredKey {
  readonly alg: SigningAlgorithm;
  readonly kid: string;
  readonly privateJwk: JWK;
}

/** A fresh key; `kid` is its RFC 7638 thumbprint. */
export const generateKey = async (alg: SigningAlgorithm): Promise<StoredKey> => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  return { alg, kid: await calculateJwkThumbprint(privateJwk), privateJwk };
};

/** One fresh key per algorithm. */
export const generateKeys = (): Promise<StoredKey[]> => Promise.all(signingAlgorithms.map(generateKey));

/** The JWK without its private members (RFC 7518 section 6), ready for a JWKS. */
export const publicJwk = ({ alg, kid, privateJwk }: StoredKey): JWK => {
  const { kty, crv, x, y, n, e } = privateJwk;
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(members), kty: kty ?? '', kid, alg, use: 'sig' };
};

export const currentKey = (keys: readonly StoredKey[], alg: SigningAlgorithm): StoredKey => {
  const key = keys.findLast((candidate) => candidate.alg === alg);
  if (key === undefined) throw new Error(`The emulator's state holds no ${alg} key.`);
  return key;
};

const importPrivate = async (key: StoredKey): Promise<CryptoKey | Uint8Array> => importJWK(key.privateJwk, key.alg);

/** Compact JWS over `claims`; `header` may replace any header field except what signing itself needs. */
export const signClaims = async (
  key: StoredKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ typ: 'JWT', kid: key.kid, ...header, alg: key.alg })
    .sign(await importPrivate(key));

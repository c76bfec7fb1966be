import { randomUUID } from 'node:crypto';
import { base64url, SignJWT } from 'jose';
import {
  currentKey,
  generateKey,
  publicJwk,
  type SigningAlgorithm,
  type StoredKey,
  signClaims,
} from './signing-keys.ts';
import type { TokenClaims } from './token-claims.ts';
import type { TokenRequest } from './token-request.ts';

/** What can be wrong with a minted token; several may be combined. */
export const tokenDefects = [
  'expired',
  'not_yet_valid',
  'wrong_aud',
  'wrong_iss',
  'wrong_key',
  'unknown_kid',
  'bad_signature',
  'alg_none',
  'hmac',
] as const;
type TokenDefect = (typeof tokenDefects)[number];

/** The body of `POST /_dev/tokens:mint`. */
export interface HostileTokenRequest {
  /** Where the claims start from; by default a token of usr_bob. */
  readonly token?: TokenRequest;
  /** Laid over the claims; `null` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Laid over the header. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly alg?: SigningAlgorithm;
  readonly defects?: readonly TokenDefect[];
}

const spoiledClaims = (claims: TokenClaims, defects: ReadonlySet<TokenDefect>): Record<string, unknown> => ({
  ...claims,
  ...(defects.has('expired') && { iat: claims.iat - 7200, nbf: claims.nbf - 7200, exp: claims.iat - 3600 }),
  ...(defects.has('not_yet_valid') && { nbf: claims.nbf + 3600, exp: claims.exp + 7200 }),
  ...(defects.has('wrong_aud') && { aud: 'somebody-else' }),
  ...(defects.has('wrong_iss') && { iss: 'https://issuer.invalid/tenants/tnt_acme_prod' }),
});

const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));

const flipSignatureByte = (token: string): string => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = base64url.decode(signature);
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  return `${header}.${payload}.${base64url.encode(bytes)}`;
};

/** The classic confusion attack: the public key, which everyone has, used as the HMAC secret. */
const hmacWithPublicKey = (key: StoredKey, claims: object, header: object): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ typ: 'JWT', kid: key.kid, ...header, alg: 'HS256' })
    .sign(new TextEncoder().encode(JSON.stringify(publicJwk(key))));

const strangerKey = async (key: StoredKey, kid: string): Promise<StoredKey> => ({
  ...(await generateKey(key.alg)),
  kid,
});

/** Signs any claims under any header, well or badly, for tests of the receiving side; never a token to be accepted by default. */
export const mintHostileToken = async (
  request: HostileTokenRequest,
  parts: { keys: readonly StoredKey[]; claimsFor: (request: TokenRequest) => TokenClaims },
): Promise<string> => {
  const { token = { sub: 'usr_bob' }, header = {}, alg = 'ES256' } = request;
  const defects = new Set(request.defects);
  const overlaid = { ...spoiledClaims(parts.claimsFor(token), defects), ...request.claims };
  const claims = Object.fromEntries(Object.entries(overlaid).filter(([, value]) => value !== null));
  const key = currentKey(parts.keys, alg);

  if (defects.has('alg_none')) return `${encode({ typ: 'JWT', alg: 'none', ...header })}.${encode(claims)}.`;
  if (defects.has('hmac')) return hmacWithPublicKey(key, claims, header);
  let signer = key;
  if (defects.has('wrong_key')) signer = await strangerKey(key, key.kid);
  if (defects.has('unknown_kid')) signer = await strangerKey(key, randomUUID());
  const signed = await signClaims(signer, claims, header);
  return defects.has('bad_signature') ? flipSignatureByte(signed) : signed;
};

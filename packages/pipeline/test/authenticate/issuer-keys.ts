import { isVaultError } from '@scaivault/errors';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { ClaimNames } from '../../src/authenticate/claims.ts';
import type { TokenVerifier } from '../../src/authenticate/token-verifier.ts';

export const nowSeconds = 1_800_000_000;

export const claimNames: ClaimNames = {
  tenant: 'tenant_id',
  partner: 'partner_id',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scope',
  mfa: 'amr',
};

type Algorithm = 'RS256' | 'ES256';

export interface IssuerKey {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  /** A token that is good in every respect, but for what is laid over it. */
  sign(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Signs a payload that need not be sound JSON. */
  signText(payload: string, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** A key of an issuer, with its public half as a JWK under `kid`. */
export const createIssuerKey = async (
  kid: string,
  usual: JWTPayload = {},
  alg: Algorithm = 'ES256',
): Promise<IssuerKey> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const claims = {
    iss: 'https://scaikey.test/tenants/tnt_a',
    aud: 'scaivault',
    sub: 'usr_1',
    tenant_id: 'tnt_a',
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    ...usual,
  };
  const signText = async (payload: string, header: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const encode = (text: string): string => Buffer.from(text).toString('base64url');
    const input = `${encode(JSON.stringify({ alg, kid, ...header }))}.${encode(payload)}`;
    const way = alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'RSASSA-PKCS1-v1_5' };
    const signature = await crypto.subtle.sign(way, privateKey, new TextEncoder().encode(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  };
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' },
    privateKey,
    sign: (more = {}, header = {}) =>
      new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
    signText,
  };
};

/** `accepted`, or the code of the refusal. */
export const verdictOn = async (verify: TokenVerifier, token: string): Promise<string> => {
  try {
    await verify(token);
    return 'accepted';
  } catch (error) {
    if (isVaultError(error)) return error.code;
    throw error;
  }
};

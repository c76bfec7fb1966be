import type { TokenVerifier } from '@scaivault/pipeline';
import { createTokenVerifier, everyTenant } from '@scaivault/pipeline';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

const issuer = 'https://scaikey.test/tenants/*';
const audience = 'scaivault';

export interface TestTokens {
  readonly verify: TokenVerifier;
  /** A signed token; claims given here win over the usual ones. */
  sign(claims: JWTPayload): Promise<string>;
}

/** Tokens of an issuer that exists in this test only. */
export const createTestTokens = async (nowMs: () => number): Promise<TestTokens> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const getKey = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256' }] });
  const claims = {
    tenant: 'tenant_id',
    partner: 'partner_id',
    groups: 'groups',
    roles: 'roles',
    scopes: 'scope',
    mfa: 'amr',
  };
  return {
    verify: createTokenVerifier({
      issuers: [{ keySet: { getKey }, issuer, audience, claims, tenants: everyTenant }],
      leewayMs: 60_000,
      nowMs,
    }),
    sign: (more) => {
      const nowSeconds = Math.floor(nowMs() / 1000);
      const usual = {
        iss: issuer.replace('*', String(more.tenant_id)),
        aud: audience,
        iat: nowSeconds,
        nbf: nowSeconds,
        exp: nowSeconds + 3600,
      };
      return new SignJWT({ ...usual, ...more }).setProtectedHeader({ alg: 'ES256', kid: 'test' }).sign(privateKey);
    },
  };
};

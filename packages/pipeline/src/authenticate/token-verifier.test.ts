import { isVaultError } from '@scaivault/errors';
import { base64url, createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { bearerToken, createTokenVerifier, type TokenVerifier } from './token-verifier.ts';
import { everyTenant } from './trusted-issuer.ts';

const nowSeconds = 1_800_000_000;
const names = {
  tenant: 'tenant_id',
  partner: 'partner_id',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scope',
  mfa: 'amr',
};
const good: JWTPayload = {
  iss: 'https://scaikey.test/tenants/tnt_a',
  aud: 'scaivault',
  sub: 'usr_1',
  tenant_id: 'tnt_a',
  iat: nowSeconds - 10,
  nbf: nowSeconds - 10,
  exp: nowSeconds + 3600,
};
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

const keys = new Map<string, Keys>();
let clock = nowSeconds * 1000;
let asked = 0;
let verify: TokenVerifier;
let verifierFor: (issuer: string) => TokenVerifier;

beforeAll(async () => {
  for (const alg of [...algorithms, 'RS512']) keys.set(alg, await generateKeyPair(alg, { extractable: true }));
  const jwks = await Promise.all(
    [...keys].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid: alg })),
  );
  const find = createLocalJWKSet({ keys: jwks });
  verifierFor = (issuer) =>
    createTokenVerifier({
      issuers: [
        {
          keySet: {
            getKey: (header, token) => {
              asked += 1;
              return find(header, token);
            },
          },
          issuer,
          audience: 'scaivault',
          claims: names,
          tenants: everyTenant,
        },
      ],
      leewayMs: 60_000,
      nowMs: () => clock,
    });
});

const sign = (claims: JWTPayload = good, alg = 'ES256', kid = alg): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(keys.get(alg)?.privateKey as Keys['privateKey']);

const codeOf = async (token: string, verifier = verify): Promise<string> => {
  try {
    await verifier(token);
  } catch (error) {
    if (isVaultError(error)) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('createTokenVerifier', () => {
  const fresh = (): void => {
    clock = nowSeconds * 1000;
    asked = 0;
    verify = verifierFor('https://scaikey.test/tenants/*');
  };

  it.each(algorithms)('accepts %s', async (alg) => {
    fresh();
    expect(await verify(await sign(good, alg))).toMatchObject({ subject: 'usr_1', tenantId: 'tnt_a' });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['expired', { exp: nowSeconds - 60 }, 'token_expired'],
    ['expired, but within the leeway', { exp: nowSeconds - 59 }, 'accepted'],
    ['not yet valid', { nbf: nowSeconds + 61 }, 'token_invalid'],
    ['not yet valid, but within the leeway', { nbf: nowSeconds + 60 }, 'accepted'],
    ['of another issuer', { iss: 'https://evil.test/tenants/tnt_a' }, 'token_invalid'],
    ['of the issuer of another tenant', { iss: 'https://scaikey.test/tenants/tnt_b' }, 'token_invalid'],
    ['of a tenant its issuer does not speak for', { tenant_id: 'tnt_b' }, 'token_invalid'],
    ['of an issuer that only begins well', { iss: 'https://scaikey.test/tenants/tnt_a/x' }, 'token_invalid'],
    ['of a tenant below the star', { tenant_id: undefined }, 'token_invalid'],
    ['for another audience', { aud: 'other' }, 'token_invalid'],
    ['for several audiences, us among them', { aud: ['other', 'scaivault'] }, 'accepted'],
    ['for nobody', { aud: undefined }, 'token_invalid'],
    ['without end', { exp: undefined }, 'token_invalid'],
    ['without issuer', { iss: undefined }, 'token_invalid'],
    ['without subject', { sub: undefined }, 'token_invalid'],
    ['with an end that is no number', { exp: 'never' }, 'token_invalid'],
    ['bound to a certificate', { cnf: { 'x5t#S256': 'abc' } }, 'token_invalid'],
  ])('judges a token %s', async (_what, change, verdict) => {
    fresh();
    expect(await codeOf(await sign({ ...good, ...change } as JWTPayload))).toBe(verdict);
  });

  it('refuses algorithms that are not on the list, although the key would fit', async () => {
    fresh();
    expect(await codeOf(await sign(good, 'RS512'))).toBe('token_invalid');
  });

  it('refuses alg none, with and without a signature', async () => {
    fresh();
    const header = base64url.encode(JSON.stringify({ alg: 'none', kid: 'ES256' }));
    const payload = base64url.encode(JSON.stringify(good));
    for (const token of [`${header}.${payload}.`, `${header}.${payload}.AAAA`, `${header}.${payload}`])
      expect(await codeOf(token)).toBe('token_invalid');
  });

  it.each(['HS256', 'HS384', 'HS512'])('refuses %s made with the public key as its secret', async (alg) => {
    fresh();
    const rsa = keys.get('RS256')?.publicKey as Keys['publicKey'];
    for (const secret of [await exportSPKI(rsa), JSON.stringify(await exportJWK(rsa))]) {
      const forged = new SignJWT(good).setProtectedHeader({ alg, kid: 'RS256' });
      expect(await codeOf(await forged.sign(new TextEncoder().encode(secret)))).toBe('token_invalid');
    }
  });

  it('refuses an unknown kid, a kid of another key, and a key of another kind', async () => {
    fresh();
    expect(await codeOf(await sign(good, 'ES256', 'unknown'))).toBe('token_invalid');
    expect(await codeOf(await sign(good, 'ES256', 'ES384'))).toBe('token_invalid');
    const stranger = await generateKeyPair('ES256');
    const forged = await new SignJWT(good).setProtectedHeader({ alg: 'ES256', kid: 'ES256' }).sign(stranger.privateKey);
    expect(await codeOf(forged)).toBe('token_invalid');
  });

  it('refuses what was cut, changed, or is too long to look at', async () => {
    fresh();
    const token = await sign();
    const [header, , signature] = token.split('.');
    const other = base64url.encode(JSON.stringify({ ...good, roles: ['super_admin'] }));
    const spoiled = [token.slice(0, -4), `${header}.${other}.${signature}`, token.slice(1), `${token}.x`, 'x', '..'];
    for (const text of spoiled) expect(await codeOf(text)).toBe('token_invalid');
    asked = 0;
    expect(await codeOf('x'.repeat(16_385))).toBe('token_invalid');
    expect(await codeOf(await sign({ ...good, padding: 'x'.repeat(20_000) }))).toBe('token_invalid');
    expect(asked).toBe(0);
  });

  it('takes one issuer without star literally', async () => {
    fresh();
    const literal = verifierFor('https://idp.test');
    expect(await codeOf(await sign({ ...good, iss: 'https://idp.test' }), literal)).toBe('accepted');
    expect(await codeOf(await sign({ ...good, iss: 'https://idp.test/' }), literal)).toBe('token_invalid');
  });

  it('verifies a token once in five minutes', async () => {
    fresh();
    const token = await sign();
    await verify(token);
    expect(verify(token)).not.toBeInstanceOf(Promise);
    clock += 299_000;
    await verify(token);
    expect(asked).toBe(1);
    clock += 2_000;
    await verify(token);
    expect(asked).toBe(2);
  });

  it('never remembers a token beyond its end', async () => {
    fresh();
    const token = await sign({ ...good, exp: nowSeconds + 20 });
    await verify(token);
    clock = (nowSeconds + 79) * 1000;
    expect(await codeOf(token)).toBe('accepted');
    clock = (nowSeconds + 80) * 1000;
    expect(await codeOf(token)).toBe('token_expired');
  });

  it('never remembers a token that was refused', async () => {
    fresh();
    const token = await sign({ ...good, aud: 'other' });
    expect([await codeOf(token), await codeOf(token)]).toEqual(['token_invalid', 'token_invalid']);
    expect(asked).toBe(2);
  });
});

describe('bearerToken', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer   abc', 'abc'],
  ])('reads %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'Bearer a, Bearer b', 'Bearer ä'])(
    'asks for a token at %j',
    (header) => {
      expect(() => bearerToken(header)).toThrowError(
        expect.toSatisfy((error) => isVaultError(error, 'authentication_required')),
      );
    },
  );
});

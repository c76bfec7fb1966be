import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ScaiKeyEmulator } from '../src/index.ts';
import { call, startForTest } from './start-for-test.ts';

const keySetOf = ({ url }: ScaiKeyEmulator) =>
  createRemoteJWKSet(new URL(`${url}/api/v1/platform/.well-known/jwks.json`), { cooldownDuration: 0 });

const verify = async (emulator: ScaiKeyEmulator, token: string, issuer?: string) =>
  jwtVerify(token, keySetOf(emulator), { audience: 'scaivault', ...(issuer && { issuer }) });

const devToken = async (emulator: ScaiKeyEmulator, json: unknown) => {
  const { status, body } = await call('POST', `${emulator.url}/dev/token`, { json });
  expect(status, JSON.stringify(body)).toBe(200);
  return body as { access_token: string; token_type: string; expires_in: number };
};

const claimsOf = async (emulator: ScaiKeyEmulator, json: unknown) =>
  (await verify(emulator, (await devToken(emulator, json)).access_token)).payload;

describe('POST /dev/token', () => {
  test('fills in what the directory knows of a user, whichever way the user is named', async () => {
    const emulator = await startForTest();
    for (const sub of ['usr_alice', 'alice@acme.example', 'ALICE@acme.example', 'user:alice@acme.example']) {
      expect(await claimsOf(emulator, { sub })).toMatchObject({
        sub: 'usr_alice',
        email: 'alice@acme.example',
        tenant_id: 'tnt_acme_prod',
        partner_id: 'ptn_acme',
        roles: ['tenant_admin'],
      });
    }
  });

  test('is verifiable with the published keys, under the tenant as issuer', async () => {
    const emulator = await startForTest();
    const answer = await devToken(emulator, { sub: 'usr_bob' });
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    const { payload, protectedHeader } = await verify(
      emulator,
      answer.access_token,
      `${emulator.url}/tenants/tnt_acme_prod`,
    );
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload.exp! - payload.iat!).toBe(3600);
    expect(payload.nbf).toBe(payload.iat);
    expect(payload.jti).toMatch(/./);
    expect(payload).not.toHaveProperty('groups');
    expect(payload).not.toHaveProperty('auth_time');
    expect(payload).not.toHaveProperty('token_type');
  });

  test('gives the admin scope to holders of an admin role only', async () => {
    const emulator = await startForTest();
    const scopesOf = async (json: unknown) => String((await claimsOf(emulator, json)).scope).split(' ');
    expect(await scopesOf({ sub: 'usr_bob' })).toHaveLength(20);
    expect(await scopesOf({ sub: 'usr_bob' })).not.toContain('admin');
    expect(await scopesOf({ sub: 'usr_alice' })).toContain('admin');
    expect(await scopesOf({ sub: 'usr_bob', roles: ['partner_admin'] })).toContain('admin');
    expect(await scopesOf({ sub: 'usr_alice', scope: 'secrets:read audit:read' })).toEqual([
      'secrets:read',
      'audit:read',
    ]);
  });

  test('makes service account tokens for known and unknown accounts', async () => {
    const emulator = await startForTest();
    for (const sub of ['ci', 'sa:ci', 'sa_ci']) {
      expect(await claimsOf(emulator, { sub })).toMatchObject({
        sub: 'sa_ci',
        client_id: 'ci',
        token_type: 'client_credentials',
        tenant_id: 'tnt_acme_prod',
      });
    }
    for (const request of [{ sub: 'sa:robot' }, { sub: 'robot', client: true }]) {
      const claims = await claimsOf(emulator, { ...request, tenant_id: 'tnt_acme_dev' });
      expect(claims).toMatchObject({
        sub: 'robot',
        client_id: 'robot',
        token_type: 'client_credentials',
        partner_id: 'ptn_acme',
      });
    }
  });

  test('does not take the account of another tenant for one of the same name', async () => {
    const emulator = await startForTest();
    const claims = await claimsOf(emulator, { sub: 'sa:ci', tenant_id: 'tnt_umbrella_prod' });
    expect(claims).toMatchObject({ sub: 'ci', tenant_id: 'tnt_umbrella_prod', partner_id: 'ptn_umbrella' });
  });

  test('takes an unknown sub as it is', async () => {
    const emulator = await startForTest();
    expect(await claimsOf(emulator, { sub: 'user:eve@else.example', tenant_id: 't', partner_id: 'p' })).toMatchObject({
      sub: 'eve@else.example',
      email: 'eve@else.example',
      tenant_id: 't',
      partner_id: 'p',
      roles: [],
      iss: `${emulator.url}/tenants/t`,
    });
    const bare = await claimsOf(emulator, { sub: 'auth0|1' });
    expect(bare).toMatchObject({ sub: 'auth0|1', iss: emulator.url });
    expect(bare).not.toHaveProperty('email');
    expect(bare).not.toHaveProperty('tenant_id');
  });

  test('passes on groups, MFA, actor and path limits', async () => {
    const emulator = await startForTest();
    const claims = await claimsOf(emulator, {
      sub: 'usr_bob',
      groups: ['sre'],
      amr: ['pwd', 'mfa'],
      act: 'usr_carol',
      scv_paths: ['app/**'],
    });
    expect(claims).toMatchObject({
      groups: ['sre'],
      amr: ['pwd', 'mfa'],
      act: { sub: 'usr_carol' },
      scv_paths: ['app/**'],
    });
    expect(claims.auth_time).toBe(claims.iat);
    expect(await claimsOf(emulator, { sub: 'usr_bob', amr: ['mfa'], auth_time: 1234 })).toMatchObject({
      auth_time: 1234,
    });
  });

  test('makes an expired token when expires_in is negative', async () => {
    const emulator = await startForTest();
    const answer = await devToken(emulator, { sub: 'usr_bob', expires_in: -120 });
    expect(answer.expires_in).toBe(-120);
    const { iat, nbf, exp } = decodeJwt(answer.access_token);
    expect(exp).toBeGreaterThan(iat!);
    expect(nbf).toBe(iat);
    expect(Math.abs(Date.now() / 1000 - 120 - exp!)).toBeLessThan(10);
    await expect(verify(emulator, answer.access_token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  test.each([
    ['no sub', { tenant_id: 'tnt_acme_prod' }, '"sub" is required'],
    ['an unknown field', { sub: 'usr_bob', tenantid: 'x' }, '"tenantid"'],
    ['a wrong type', { sub: 'usr_bob', expires_in: '60' }, '/expires_in'],
    ['no object', [], 'object'],
  ])('refuses %s and says so', async (_name, json, hint) => {
    const emulator = await startForTest();
    const { status, body } = await call('POST', `${emulator.url}/dev/token`, { json });
    expect(status).toBe(400);
    expect(body.error).toBe('invalid_request');
    expect(body.error_description).toContain(hint);
  });
});

test('a form at /dev/token is told to be JSON', async () => {
  const { url } = await startForTest();
  const { status, body } = await call('POST', `${url}/dev/token`, { form: { sub: 'usr_bob' } });
  expect(status).toBe(415);
  expect(body.error_description).toContain('JSON');
});

describe('keys', () => {
  test('publish no private member, one key per algorithm, the same for every tenant', async () => {
    const { url } = await startForTest();
    const platform = await call('GET', `${url}/api/v1/platform/.well-known/jwks.json`);
    const tenant = await call('GET', `${url}/api/v1/auth/tenants/acme-prod/.well-known/jwks.json`);
    expect(tenant.body).toEqual(platform.body);
    expect(platform.body.keys.map((key: { alg: string }) => key.alg)).toEqual(['ES256', 'RS256', 'EdDSA']);
    for (const key of platform.body.keys) {
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(member);
    }
    expect((await call('GET', `${url}/api/v1/auth/tenants/nobody/.well-known/jwks.json`)).status).toBe(404);
  });

  test('discovery leads to the keys, and names the issuer of the tokens', async () => {
    const emulator = await startForTest();
    const { body } = await call(
      'GET',
      `${emulator.url}/api/v1/auth/tenants/acme-prod/.well-known/openid-configuration`,
    );
    const { access_token: token } = await emulator.mintToken({ sub: 'usr_bob' });
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(body.jwks_uri)), { issuer: body.issuer });
    expect(payload.sub).toBe('usr_bob');
    const platform = await call('GET', `${emulator.url}/api/v1/platform/oauth/.well-known/openid-configuration`);
    expect(platform.body.issuer).toBe(emulator.url);
  });

  test('rotate: new tokens carry a new kid, old ones hold until their key is retired', async () => {
    const emulator = await startForTest();
    const { access_token: before } = await emulator.mintToken({ sub: 'usr_bob' });
    expect((await call('POST', `${emulator.url}/_dev/keys:rotate`)).status).toBe(200);
    const { access_token: after } = await emulator.mintToken({ sub: 'usr_bob' });
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    await verify(emulator, before);
    await verify(emulator, after);
    await call('POST', `${emulator.url}/_dev/keys:rotate`, { json: { retire: true } });
    await expect(verify(emulator, before)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });
});

describe('POST /_dev/tokens:mint', () => {
  const mint = async (emulator: ScaiKeyEmulator, json: unknown): Promise<string> =>
    (await call('POST', `${emulator.url}/_dev/tokens:mint`, { json })).body.access_token;
  const issuer = ({ url }: ScaiKeyEmulator) => `${url}/tenants/tnt_acme_prod`;

  test.each([
    ['expired', 'ERR_JWT_EXPIRED'],
    ['not_yet_valid', 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['wrong_aud', 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['wrong_iss', 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['wrong_key', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['bad_signature', 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['unknown_kid', 'ERR_JWKS_NO_MATCHING_KEY'],
  ])('%s is refused for that very reason', async (defect, code) => {
    const emulator = await startForTest();
    await verify(emulator, await mint(emulator, {}), issuer(emulator));
    const token = await mint(emulator, { defects: [defect] });
    await expect(verify(emulator, token, issuer(emulator))).rejects.toMatchObject({ code });
  });

  test('alg_none has no signature, hmac is signed with the public key', async () => {
    const emulator = await startForTest();
    const unsigned = await mint(emulator, { defects: ['alg_none'] });
    expect(decodeProtectedHeader(unsigned).alg).toBe('none');
    expect(unsigned.endsWith('.')).toBe(true);
    await expect(verify(emulator, unsigned)).rejects.toThrow();

    const confused = await mint(emulator, { defects: ['hmac'] });
    expect(decodeProtectedHeader(confused).alg).toBe('HS256');
    const { body } = await call('GET', `${emulator.url}/api/v1/platform/.well-known/jwks.json`);
    await jwtVerify(confused, new TextEncoder().encode(JSON.stringify(body.keys[0])));
    await expect(verify(emulator, confused)).rejects.toThrow();
  });

  test('takes any claims and header fields, and each algorithm', async () => {
    const emulator = await startForTest();
    for (const alg of ['ES256', 'RS256', 'EdDSA']) {
      const token = await mint(emulator, {
        token: { sub: 'usr_alice' },
        alg,
        claims: { tenant_id: 'tnt_umbrella_prod', jti: null, role: 'super_admin' },
        header: { typ: 'at+jwt' },
      });
      const { payload, protectedHeader } = await verify(emulator, token);
      expect(protectedHeader).toMatchObject({ alg, typ: 'at+jwt' });
      expect(payload).toMatchObject({ sub: 'usr_alice', tenant_id: 'tnt_umbrella_prod', role: 'super_admin' });
      expect(payload).not.toHaveProperty('jti');
    }
  });
});

import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { call, startForTest } from './start-for-test.ts';

const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const headers = { authorization: `Basic ${Buffer.from('scaivault:scaivault-development-secret').toString('base64')}` };
const issuer = 'https://token.actions.test';

const start = async () => {
  const emulator = await startForTest();
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const trust = {
    issuer,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'gh' }] },
    mappings: [{ subject: 'repo:acme/*', role: 'ci' }],
  };
  const subject = (sub = 'repo:acme/app', iss = issuer) =>
    new SignJWT({ sub, iss }).setProtectedHeader({ alg: 'ES256', kid: 'gh' }).setExpirationTime('5m').sign(privateKey);
  const exchange = (subject_token: string, more: Record<string, string> = {}) =>
    call('POST', `${emulator.url}/oauth/token`, { form: { grant_type: grant, subject_token, ...more }, headers });
  return { emulator, trust, subject, exchange };
};

describe('token exchange', () => {
  test('follows a trust, narrows, and says who acts', async () => {
    const { emulator, trust, subject, exchange } = await start();
    expect((await call('POST', `${emulator.url}/_dev/trusts`, { json: trust })).status).toBe(201);
    const { status, body } = await exchange(await subject(), { scope: 'secrets:read admin', scv_paths: 'a/** b' });
    expect([status, body.token_type, body.scope]).toEqual([200, 'Bearer', 'secrets:read']);
    expect(decodeJwt(body.access_token)).toMatchObject({
      sub: 'sa_ci',
      scope: 'secrets:read',
      scv_paths: ['a/**', 'b'],
      act: { sub: 'repo:acme/app', iss: issuer },
    });
  });

  test('refuses whom no trust names, and what is not signed by it', async () => {
    const { emulator, trust, subject, exchange } = await start();
    const errorOf = async (token: string, more?: Record<string, string>) => (await exchange(token, more)).body.error;
    expect(await errorOf(await subject())).toBe('access_denied');
    await call('POST', `${emulator.url}/_dev/trusts`, { json: trust });
    expect(await errorOf(await subject('repo:evil/app'))).toBe('access_denied');
    expect(await errorOf(await subject('repo:acme/app', 'https://evil.test'))).toBe('access_denied');
    expect(await errorOf(await subject(), { role: 'root' })).toBe('access_denied');
    expect(await errorOf(await subject(), { scope: 'admin' })).toBe('invalid_scope');
    expect(await errorOf(`${(await subject()).slice(0, -4)}AAAA`)).toBe('invalid_grant');
    expect(await errorOf('x')).toBe('invalid_grant');
    expect((await call('DELETE', `${emulator.url}/_dev/trusts`)).status).toBe(204);
    expect(await errorOf(await subject())).toBe('access_denied');
  });
});

test('POST /dev/token gives a personal token when one is asked for', async () => {
  const emulator = await startForTest();
  const { body } = await call('POST', `${emulator.url}/dev/token`, { json: { sub: 'usr_bob', type: 'pat' } });
  expect(body.access_token).toMatch(/^skt_/);
  const asked = await call('POST', `${emulator.url}/api/v1/platform/oauth/introspect`, {
    form: { token: body.access_token },
    headers,
  });
  expect(asked.body).toMatchObject({ active: true, sub: 'usr_bob' });
});

import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { call, startForTest } from './start-for-test.ts';

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});
const ci = basic('ci', 'ci-development-secret');
const grant = { grant_type: 'client_credentials' };

describe('token endpoint', () => {
  test.each(['/oauth/token', '/api/v1/platform/oauth/token', '/api/v1/auth/tenants/acme-prod/oauth/token'])(
    '%s gives a service account its token, by Basic and by form',
    async (path) => {
      const { url } = await startForTest();
      const byForm = { ...grant, client_id: 'ci', client_secret: 'ci-development-secret' };
      for (const parts of [{ form: grant, headers: ci }, { form: byForm }]) {
        const { status, body } = await call('POST', url + path, parts);
        expect(status).toBe(200);
        expect(body).toMatchObject({
          token_type: 'Bearer',
          expires_in: 3600,
          scope: 'secrets:read secrets:write secrets:list',
        });
        expect(decodeJwt(body.access_token)).toMatchObject({
          sub: 'sa_ci',
          client_id: 'ci',
          tenant_id: 'tnt_acme_prod',
        });
      }
    },
  );

  test.each([
    ['another grant', { form: { grant_type: 'authorization_code' }, headers: ci }, 400, 'unsupported_grant_type'],
    ['no grant', { form: {}, headers: ci }, 400, 'unsupported_grant_type'],
    ['a wrong secret', { form: grant, headers: basic('ci', 'wrong') }, 401, 'invalid_client'],
    ['an unknown client', { form: grant, headers: basic('cd', 'ci-development-secret') }, 401, 'invalid_client'],
    ['a broken Basic header', { form: grant, headers: { authorization: 'Basic JSUlOiUl' } }, 401, 'invalid_client'],
    ['nobody', { form: grant }, 401, 'invalid_client'],
    ['a scope beyond the client', { form: { ...grant, scope: 'admin' }, headers: ci }, 400, 'invalid_scope'],
  ])('refuses %s', async (_name, parts, status, error) => {
    const { url } = await startForTest();
    const answer = await call('POST', `${url}/oauth/token`, parts);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  test("refuses a client at another tenant's address, and a suspended one anywhere", async () => {
    const emulator = await startForTest();
    const elsewhere = await call('POST', `${emulator.url}/api/v1/auth/tenants/umbrella-prod/oauth/token`, {
      form: grant,
      headers: ci,
    });
    expect(elsewhere.status).toBe(401);
    await emulator.directory.change('users', 'sa_ci', { status: 'SUSPENDED' });
    expect((await call('POST', `${emulator.url}/oauth/token`, { form: grant, headers: ci })).status).toBe(401);
  });
});

describe('introspection', () => {
  const introspect = (url: string, token: string, headers: Record<string, string> = ci) =>
    call('POST', `${url}/api/v1/platform/oauth/introspect`, { form: { token }, headers });

  test('knows a personal token until it is revoked', async () => {
    const { url } = await startForTest();
    const { status, body: made } = await call('POST', `${url}/_dev/tokens`, {
      json: { sub: 'usr_bob', scope: 'secrets:read' },
    });
    expect(status).toBe(201);
    expect(made.access_token).toMatch(/^skt_/);
    const { body } = await introspect(url, made.access_token);
    expect(body).toMatchObject({ active: true, sub: 'usr_bob', tenant_id: 'tnt_acme_prod', scope: 'secrets:read' });
    expect(body.exp - body.iat).toBe(90 * 24 * 3600);
    expect((await call('DELETE', `${url}/_dev/tokens/${made.id}`)).status).toBe(204);
    expect((await introspect(url, made.access_token)).body).toEqual({ active: false });
  });

  test('calls expired, unknown and forged tokens and those of suspended users inactive', async () => {
    const emulator = await startForTest();
    const { url } = emulator;
    const expired = await emulator.createPersonalToken({ sub: 'usr_bob', expires_in: -1 });
    const forged = await call('POST', `${url}/_dev/tokens:mint`, { json: { defects: ['wrong_key'] } });
    const suspended = await emulator.createPersonalToken({ sub: 'usr_carol' });
    expect((await introspect(url, suspended.access_token)).body.active).toBe(true);
    await emulator.directory.change('users', 'usr_carol', { status: 'SUSPENDED' });
    for (const token of [expired.access_token, 'skt_unknown', forged.body.access_token, suspended.access_token]) {
      expect((await introspect(url, token)).body).toEqual({ active: false });
    }
  });

  test('tells strangers nothing', async () => {
    const emulator = await startForTest();
    const { access_token: token } = await emulator.createPersonalToken({ sub: 'usr_bob' });
    expect((await introspect(emulator.url, token, {})).status).toBe(401);
    expect((await introspect(emulator.url, token, basic('ci', 'wrong'))).status).toBe(401);
  });
});

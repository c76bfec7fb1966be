import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@connectrpc/connect';
import { TokenService } from '@scaivault/contracts';
import { createKeySet, createTokenVerifier, everyTenant, fetchDocument } from '@scaivault/pipeline';
import { type ScaiKeyEmulator, startScaiKeyEmulator } from '@scaivault/scaikey-emulator';
import {
  createFakeSecrets,
  createForeignIssuer,
  createTestDatabase,
  describeOnEveryWire,
  type StartedModule,
  startModule,
} from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createIdentitySyncModule } from '../src/module.ts';
import { identitySyncMigrations } from '../src/store/migrations.ts';

const github = 'https://token.actions.test';
const now = (): number => Math.floor(Date.now() / 1000);

/** The other issuer, whom ScaiKey trusts, and one of the same name. */
const [trusted, forger] = await Promise.all([createForeignIssuer(github), createForeignIssuer(github)]);
const foreign = (claims: object = {}): Promise<string> => trusted.sign({ sub: 'repo:acme/app:main', ...claims });

const notOurs = await foreign();
const claims = {
  tenant: 'tenant_id',
  partner: 'partner_id',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scope',
  mfa: 'amr',
};
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describeOnEveryWire('POST /v1/auth/exchange', (wire) => {
  const undo: (() => unknown)[] = [];
  let emulator: ScaiKeyEmulator;
  let vault: StartedModule;
  let client: Client<typeof TokenService>;
  /** Stands between us and the emulator's token endpoint, for answers that a good one never gives. */
  let meddle: ((body: Record<string, unknown>) => unknown) | undefined;
  let asked: URLSearchParams[] = [];
  /** A token that is good for every path. */
  const wide: { access_token?: string } = {};

  const control = async (method: string, path: string, json: unknown): Promise<void> => {
    const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
    expect((await fetch(`${emulator.url}${path}`, init)).ok).toBe(true);
  };

  const startRelay = async (): Promise<string> => {
    const server = createServer((request, response) => {
      void request.toArray().then(async (chunks) => {
        const form = Buffer.concat(chunks).toString();
        asked.push(new URLSearchParams(form));
        const answer = await fetch(`${emulator.url}/oauth/token`, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            authorization: request.headers.authorization ?? '',
          },
          body: form,
        });
        const body = (await answer.json()) as Record<string, unknown>;
        response.writeHead(answer.status).end(JSON.stringify(meddle?.(body) ?? body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'exchange-'));
    undo.push(() => rm(folder, { recursive: true }));
    emulator = await startScaiKeyEmulator({ host: '127.0.0.1', port: 0, stateFile: join(folder, 'state.json') });
    undo.push(() => emulator.stop());
    await control('POST', '/_dev/trusts', {
      issuer: github,
      jwks: trusted.jwks,
      mappings: [
        { subject: 'repo:acme/app:*', role: 'sa:ci' },
        { subject: 'repo:acme/many', role: 'sa:ci' },
        { subject: 'repo:acme/many', role: 'sa:scaivault' },
      ],
    });
    const keySet = createKeySet({
      locate: async () => `${emulator.url}/api/v1/platform/.well-known/jwks.json`,
      fetchJson: fetchDocument,
      refreshMs: 600_000,
      nowMs: Date.now,
      onFailure: () => {},
    });
    undo.push(() => keySet.stop());
    const verify = createTokenVerifier({
      issuers: [{ issuer: `${emulator.url}/tenants/*`, audience: 'scaivault', claims, keySet, tenants: everyTenant }],
      leewayMs: 60_000,
      nowMs: Date.now,
    });
    const database = await createTestDatabase({ migrations: [identitySyncMigrations] });
    undo.push(() => database.drop());
    vault = await startModule({
      wire,
      create: (dependencies, kit) => createIdentitySyncModule(dependencies, { ...kit, verify }),
      env: {
        DATABASE_URL: database.url,
        DATABASE_POOL_SIZE: '2',
        IDENTITY_SYNC_INTERVAL: '0s',
        RATE_LIMIT_AUTH_EXCHANGE: '0',
        SCAIKEY_AUDIENCE: 'scaivault',
        SCAIKEY_CLIENT_ID: 'scaivault',
        SCAIKEY_CLIENT_SECRET: 'scaivault-development-secret',
        SCAIKEY_TOKEN_URL: await startRelay(),
        SCAIKEY_URL: emulator.url,
      },
      peers: { secrets: createFakeSecrets('identity-sync').transport },
    });
    undo.push(() => vault[Symbol.asyncDispose]());
    client = await vault.peer(TokenService, 'gateway');
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });
  beforeEach(() => {
    meddle = undefined;
    asked = [];
  });

  it("gives a service account's token for that of an issuer that is trusted", async () => {
    const answer = await client.exchangeToken({ subjectToken: await foreign() });
    expect(answer).toMatchObject({
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      tokenType: 'Bearer',
      expiresIn: 3600,
    });
    expect(answer.scope).toBeUndefined();
    expect(claimsOf(answer.accessToken)).toMatchObject({
      client_id: 'ci',
      tenant_id: 'tnt_acme_prod',
      act: { sub: 'repo:acme/app:main', iss: github },
    });
    expect(claimsOf(answer.accessToken)).not.toHaveProperty('scv_paths');
    expect(asked[0]?.get('audience')).toBe('scaivault');
  });

  it('narrows it to paths, and says when scopes are missing', async () => {
    const answer = await client.exchangeToken({
      subjectToken: await foreign(),
      scope: 'secrets:read admin',
      allowedPaths: bytes(['app/**', 'db/*']),
    });
    expect(claimsOf(answer.accessToken)).toMatchObject({ scope: 'secrets:read', scv_paths: ['app/**', 'db/*'] });
    expect(answer.scope).toBe('secrets:read');
    const exact = await client.exchangeToken({ subjectToken: await foreign(), scope: 'secrets:read' });
    expect(exact.scope).toBeUndefined();
  });

  it('asks for the role where the trust leaves a choice', async () => {
    const subjectToken = await foreign({ sub: 'repo:acme/many' });
    await expect(client.exchangeToken({ subjectToken })).rejects.toMatchObject({ code: 'invalid_request' });
    const answer = await client.exchangeToken({ subjectToken, role: 'sa:ci' });
    expect(claimsOf(answer.accessToken)).toMatchObject({ client_id: 'ci' });
    await expect(client.exchangeToken({ subjectToken, role: 'sa:root' })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it.each<[string, () => Promise<Record<string, unknown>>, string, object?]>([
    [
      'an issuer nobody trusts',
      async () => ({ subjectToken: await foreign({ iss: 'https://evil.test' }) }),
      'forbidden',
      { reason: 'no_trust' },
    ],
    [
      'a subject without mapping',
      async () => ({ subjectToken: await foreign({ sub: 'repo:evil/app' }) }),
      'forbidden',
      { reason: 'no_trust' },
    ],
    [
      'a forged token',
      async () => ({ subjectToken: await forger.sign({ sub: 'repo:acme/app:main' }) }),
      'token_invalid',
    ],
    ['a token that has expired', async () => ({ subjectToken: await foreign({ exp: now() - 61 }) }), 'token_expired'],
    ['what is no JWT', async () => ({ subjectToken: 'x' }), 'token_invalid'],
    ['what is no JSON inside', async () => ({ subjectToken: 'x.x.x' }), 'token_invalid'],
    [
      'a scope that the account lacks',
      async () => ({ subjectToken: await foreign(), scope: 'admin' }),
      'invalid_request',
      { reason: 'scope' },
    ],
    [
      'another audience',
      async () => ({ subjectToken: await foreign(), audience: 'other' }),
      'invalid_request',
      { reason: 'audience' },
    ],
    ['no token', async () => ({}), 'validation_error'],
    ['a token that is too long', async () => ({ subjectToken: 'x'.repeat(16_385) }), 'validation_error'],
    [
      'another grant',
      async () => ({ subjectToken: await foreign(), grantType: 'client_credentials' }),
      'validation_error',
    ],
    [
      'another kind of token',
      async () => ({ subjectToken: await foreign(), subjectTokenType: 'saml2' }),
      'validation_error',
    ],
    [
      'a role that is no service account',
      async () => ({ subjectToken: await foreign(), role: 'user:root' }),
      'validation_error',
    ],
    ['no paths at all', async () => ({ subjectToken: await foreign(), allowedPaths: bytes([]) }), 'validation_error'],
    [
      'too many paths',
      async () => ({ subjectToken: await foreign(), allowedPaths: bytes(Array(21).fill('a')) }),
      'validation_error',
    ],
    [
      'paths that are none',
      async () => ({ subjectToken: await foreign(), allowedPaths: bytes([7]) }),
      'validation_error',
    ],
    [
      'a path that is no glob',
      async () => ({ subjectToken: await foreign(), allowedPaths: bytes(['a//b']) }),
      'invalid_glob',
    ],
  ])('refuses %s', async (_what, request, code, details) => {
    const refusal = expect(client.exchangeToken(await request())).rejects;
    await refusal.toMatchObject({ code, ...(details && { details }) });
  });

  it.each<[string, (body: Record<string, unknown>) => unknown]>([
    ['is wider than asked', (body) => ({ ...body, access_token: undefined, ...wide })],
    ['is none of ours', (body) => ({ ...body, access_token: notOurs })],
    ['is missing', ({ access_token: _token, ...body }) => body],
    ['is no bearer token', (body) => ({ ...body, token_type: 'mac' })],
    ['ends at no usable time', (body) => ({ ...body, expires_in: 'soon' })],
    ['is no answer', () => []],
  ])('never hands out a token that %s: 503', async (_what, change) => {
    wide.access_token = (await client.exchangeToken({ subjectToken: await foreign() })).accessToken;
    meddle = change;
    const asking = client.exchangeToken({ subjectToken: await foreign(), allowedPaths: bytes(['app/**']) });
    await expect(asking).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('is 503 while ScaiKey is away, and where it does not know us', async () => {
    await control('PUT', '/_dev/faults', { fail_with: 500 });
    const asking = client.exchangeToken({ subjectToken: await foreign() });
    await expect(asking).rejects.toMatchObject({ code: 'service_unavailable' });
    await control('PUT', '/_dev/faults', {});
    meddle = () => ({ error: 'invalid_client' });
    const unknown = client.exchangeToken({ subjectToken: await foreign({ iss: 'https://evil.test' }) });
    await expect(unknown).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('leaves a row of whom the token speaks for and who stands behind it, and no token anywhere', async () => {
    const subjectToken = await foreign();
    const { accessToken } = await client.exchangeToken({ subjectToken, allowedPaths: bytes(['app/**']) });
    const row = vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({
      action: 'token_exchange',
      tenantId: 'tnt_acme_prod',
      identityType: 'service_account',
      identityId: 'sa:ci',
      success: true,
    });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toEqual({
      actor_id: 'repo:acme/app:main',
      allowed_paths: ['app/**'],
    });
    const written = vault.journal.outcomes.map((outcome) => new TextDecoder().decode(outcome.extraData)).join();
    for (const token of [subjectToken, accessToken]) expect(`${written}${vault.logLines.join()}`).not.toContain(token);
  });
});

import type { Client } from '@connectrpc/connect';
import { TokenService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StartedIdentitySync, startIdentitySync } from './start-identity-sync.ts';

const scopesOf = (scopes: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(scopes));

describeOnEveryWire('POST /v1/auth/introspect', (wire) => {
  let started: StartedIdentitySync;
  let admin: Client<typeof TokenService>;
  const as = (claims: Record<string, unknown>): Promise<Client<typeof TokenService>> =>
    started.vault.client(TokenService, { scope: 'admin', ...claims });
  const isActive = async (client: Client<typeof TokenService>, claims: Record<string, unknown>): Promise<boolean> =>
    (await client.introspectToken({ token: await started.vault.mint(claims) })).active;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    admin = await as({});
  });
  afterAll(() => started[Symbol.asyncDispose]());

  it('says whom a token speaks for', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await started.vault.mint({ sub: 'sa:robot', scope: 'b a', iat: now - 5, exp: now + 60, roles: [] });
    const answer = await admin.introspectToken({ token });
    expect(answer).toMatchObject({
      active: true,
      identityId: 'sa:robot',
      identityType: 'service_account',
      tenantId: 'tnt_a',
      expiresAt: { seconds: BigInt(now + 60), nanos: 0 },
      issuedAt: { seconds: BigInt(now - 5), nanos: 0 },
    });
    expect(scopesOf(answer.scopes)).toEqual(['a', 'b']);
  });

  it('says nothing but that it is not active of one that would not be let in', async () => {
    const now = Math.floor(Date.now() / 1000);
    const spoiled = `${(await started.vault.mint()).slice(0, -4)}AAAA`;
    const expired = await started.vault.mint({ exp: now - 120 });
    const foreign = await started.vault.mint({ iss: 'https://evil.test/tenants/tnt_a' });
    const nowhere = await started.vault.mint({ tenant_id: 'tnt_nowhere' });
    for (const token of [spoiled, expired, foreign, nowhere, 'x', 'skt_unknown']) {
      const answer = await admin.introspectToken({ token });
      expect({ ...answer, $typeName: undefined }).toEqual({ $typeName: undefined, active: false });
    }
  });

  it('knows of suspended bearers and closed tenants', async () => {
    const { world } = started.vault;
    const suspended = { subjectId: 'usr_s', identityType: 'user', identityId: 'user:s@a.example' } as const;
    world.callers.set('tnt_a usr_s', {
      ...suspended,
      displayName: null,
      status: 'SUSPENDED',
      groups: [],
      roles: [],
      tokensVoidBeforeMs: null,
      mfaVoidBeforeMs: null,
    });
    expect(await isActive(admin, { sub: 'usr_s' })).toBe(false);
    const root = await as({ sub: 'usr_root', roles: ['super_admin'], tenant_id: 'tnt_a' });
    expect(await isActive(root, { tenant_id: 'tnt_z' })).toBe(true);
    world.tenants.set('tnt_closed', { partnerId: 'ptn_y' as never, status: 'SUSPENDED' });
    expect(await isActive(root, { tenant_id: 'tnt_closed' })).toBe(false);
  });

  it('shows a caller only the tokens of tenants that are open to it', async () => {
    const partner = await as({ sub: 'usr_p', roles: ['partner_admin'] });
    const root = await as({ sub: 'usr_root', roles: ['super_admin'] });
    const seen = async (client: Client<typeof TokenService>) => [
      await isActive(client, { tenant_id: 'tnt_a' }),
      await isActive(client, { tenant_id: 'tnt_b' }),
      await isActive(client, { tenant_id: 'tnt_z' }),
    ];
    expect(await seen(admin)).toEqual([true, false, false]);
    expect(await seen(partner)).toEqual([true, true, false]);
    expect(await seen(root)).toEqual([true, true, true]);
  });

  it('is audited without the token, and asks for the scope admin', async () => {
    const token = await started.vault.mint({ sub: 'sa:robot', roles: [] });
    await admin.introspectToken({ token });
    const row = started.vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({ action: 'token_introspect', tenantId: 'tnt_a', success: true });
    expect(scopesOf(row?.extraData)).toEqual({ active: true, identity_id: 'sa:robot' });
    expect(
      [
        JSON.stringify(started.vault.journal.outcomes, (_k, v) => (typeof v === 'bigint' ? String(v) : v)),
        ...started.vault.logLines,
      ].join(),
    ).not.toContain(token);
    const narrow = await started.vault.client(TokenService);
    await expect(narrow.introspectToken({ token })).rejects.toMatchObject({ code: 'insufficient_scope' });
    for (const text of ['', 'x'.repeat(16_385)])
      await expect(admin.introspectToken({ token: text })).rejects.toMatchObject({ code: 'validation_error' });
  });
});

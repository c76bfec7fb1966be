import type { Client } from '@connectrpc/connect';
import { IdentityFeedService, IdentityService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  event,
  memberEvent,
  partnerEvent,
  type StartedIdentitySync,
  startIdentitySync,
  tenantEvent,
} from './start-identity-sync.ts';

describeOnEveryWire('lookups', (wire) => {
  let started: StartedIdentitySync;
  let client: Client<typeof IdentityService>;
  let policy: Client<typeof IdentityFeedService>;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    client = await started.vault.client(IdentityService);
    policy = await started.vault.peer(IdentityFeedService, 'policy');
    const of = (tenant_id: string) => ({ tenant_id });
    for (const id of ['tnt_a', 'tnt_b']) await started.send(tenantEvent('created', id));
    const ada = { type: 'user', email: 'ada@a.example', first_name: 'Ada', last_name: 'B', roles: ['tenant_admin'] };
    await started.send(event('user.created', 'usr_ada', { data: ada }));
    await started.send(event('user.created', 'usr_ada_b', { data: ada, ...of('tnt_b') }));
    await started.send(event('user.created', 'sa_ci', { data: { type: 'service_account', name: 'ci' } }));
    await started.send(event('group.created', 'grp_sre', { data: { name: 'sre' } }));
    await started.send(memberEvent('added', 'grp_sre', 'usr_ada'));
    await started.send(memberEvent('added', 'grp_sre', 'sa_ci'));
    await started.send(memberEvent('added', 'grp_nameless', 'usr_ada'));
    await started.send(memberEvent('added', 'grp_nameless', 'usr_nameless'));
    await started.send(event('user.created', 'usr_gone', { data: { email: 'gone@a.example' } }));
    await started.send(event('user.deleted', 'usr_gone'));
    await started.send(event('user.created', 'usr_b', { data: { email: 'b@b.example' }, ...of('tnt_b') }));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const notFound = { code: 'identity_not_found' };

  it('resolve a user by identity string and by ScaiKey id', async () => {
    for (const identityId of ['user:ada@a.example', 'usr_ada']) {
      expect(await client.resolveIdentity({ identityType: 'user', identityId })).toMatchObject({
        id: 'usr_ada',
        type: 'user',
        identityId: 'user:ada@a.example',
        displayName: 'Ada B',
        tenantId: 'tnt_a',
        groups: ['group:sre'],
        roles: ['tenant_admin'],
      });
    }
  });

  it('resolve service accounts and groups', async () => {
    for (const identityId of ['sa:ci', 'sa_ci']) {
      expect(await client.resolveIdentity({ identityType: 'service_account', identityId })).toMatchObject({
        id: 'sa_ci',
        identityId: 'sa:ci',
        groups: ['group:sre'],
      });
    }
    for (const identityId of ['group:sre', 'grp_sre']) {
      const answer = await client.resolveIdentity({ identityType: 'group', identityId });
      expect(answer).toMatchObject({ id: 'grp_sre', type: 'group', identityId: 'group:sre', displayName: 'sre' });
    }
  });

  it('find nobody of another type, tenant or time', async () => {
    const refused: [string, string][] = [
      ['service_account', 'user:ada@a.example'],
      ['service_account', 'usr_ada'],
      ['user', 'sa:ci'],
      ['group', 'usr_ada'],
      ['user', 'grp_sre'],
      ['user', 'usr_b'],
      ['user', 'user:b@b.example'],
      ['user', 'usr_gone'],
      ['user', 'user:gone@a.example'],
      ['user', 'user:nobody@a.example'],
      ['user', 'user:ADA@a.example'],
      ['group', 'grp_nameless'],
      ['user', 'usr_nameless'],
      ['group', 'group:'],
    ];
    for (const [identityType, identityId] of refused) {
      await expect(client.resolveIdentity({ identityType, identityId })).rejects.toMatchObject(notFound);
    }
  });

  it('resolve in the tenant that is acted in', async () => {
    const partner = { sub: 'usr_partner', roles: ['partner_admin'] };
    const inB = await started.vault.client(IdentityService, partner, { 'x-tenant-id': 'tnt_b' });
    expect(await inB.resolveIdentity({ identityType: 'user', identityId: 'user:ada@a.example' })).toMatchObject({
      id: 'usr_ada_b',
      tenantId: 'tnt_b',
      groups: [],
    });
    await expect(inB.resolveIdentity({ identityType: 'user', identityId: 'usr_ada' })).rejects.toMatchObject(notFound);
  });

  it('are audited, and need the scope', async () => {
    await client.resolveIdentity({ identityType: 'user', identityId: 'usr_ada' });
    const row = started.vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({ action: 'config_read', tenantId: 'tnt_a', success: true });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toMatchObject({ resource: 'identity' });
    const narrow = await started.vault.client(IdentityService, { scope: 'secrets:read' });
    await expect(narrow.resolveIdentity({ identityType: 'user', identityId: 'usr_ada' })).rejects.toMatchObject({
      code: 'insufficient_scope',
    });
    await expect(client.resolveIdentity({ identityType: 'robot', identityId: 'x' })).rejects.toMatchObject({
      code: 'validation_error',
    });
  });

  it('tell a caller who it is', async () => {
    const issued = Math.floor(Date.now() / 1000);
    started.vault.world.callers.set('tnt_a usr_me', {
      subjectId: 'usr_me',
      identityType: 'user',
      identityId: 'user:me@a.example',
      displayName: 'Me',
      status: 'ACTIVE',
      groups: [
        { subjectId: 'grp_sre', identityId: 'group:sre' },
        { subjectId: 'grp_nameless', identityId: '' },
      ],
      roles: ['tenant_admin'],
      tokensVoidBeforeMs: null,
      mfaVoidBeforeMs: null,
    });
    const me = await started.vault.client(IdentityService, {
      sub: 'usr_me',
      roles: ['partner_admin'],
      scope: 'secrets:read identity:read',
      amr: ['pwd', 'mfa'],
      auth_time: issued - 60,
      exp: issued + 600,
    });
    expect(await me.whoAmI({})).toMatchObject({
      identityId: 'user:me@a.example',
      identityType: 'user',
      displayName: 'Me',
      tenantId: 'tnt_a',
      partnerId: 'ptn_x',
      scopes: ['identity:read', 'secrets:read'],
      groups: ['group:sre'],
      roles: ['partner_admin', 'tenant_admin'],
      mfaVerifiedAt: { seconds: BigInt(issued - 60), nanos: 0 },
      tokenExpiresAt: { seconds: BigInt(issued + 600), nanos: 0 },
    });
    const bare = await started.vault.client(IdentityService, { sub: 'sa:x', scope: '', roles: [] });
    const answer = await bare.whoAmI({});
    expect(answer).toMatchObject({ identityId: 'sa:x', identityType: 'service_account', scopes: [], roles: [] });
    expect(answer.mfaVerifiedAt).toBeUndefined();
    expect(answer.displayName).toBeUndefined();
  });

  it('find a caller by subject, and a service account also by its name', async () => {
    const look = async (subject: string, identityId: string, tenantId = 'tnt_a') =>
      (await started.feed.lookupCaller({ tenantId, subject, identityId })).caller?.subjectId;
    expect(await look('usr_ada', 'user:whoever')).toBe('usr_ada');
    expect(await look('ci', 'sa:ci')).toBe('sa_ci');
    expect(await look('usr_ada', 'sa:ci')).toBe('usr_ada');
    expect(await look('ada', 'user:ada@a.example')).toBeUndefined();
    expect(await look('ci', 'sa:ci', 'tnt_b')).toBeUndefined();
    expect(await look('usr_ada', 'user:ada@a.example', 'tnt_b')).toBeUndefined();
  });

  it('find a partner that ScaiKey has told of, deleted ones as such', async () => {
    const look = async (partnerId: string) => await started.feed.lookupPartner({ partnerId });
    await started.send(partnerEvent('created', 'ptn_told'));
    expect(await look('ptn_told')).toMatchObject({ found: true, status: 'ACTIVE' });
    await started.send(partnerEvent('updated', 'ptn_told', { data: { status: 'SUSPENDED' } }));
    expect(await look('ptn_told')).toMatchObject({ found: true, status: 'SUSPENDED' });
    await started.send(partnerEvent('deleted', 'ptn_told'));
    expect(await look('ptn_told')).toMatchObject({ found: true, status: 'DELETED' });
    expect(await look('ptn_nobody')).toMatchObject({ found: false, status: '' });
  });

  it('find the living bearer of a name before a deleted one, and the deleted one before nobody', async () => {
    const look = async () =>
      (await started.feed.lookupCaller({ tenantId: 'tnt_a', subject: 'x', identityId: 'sa:reborn' })).caller;
    const account = { data: { type: 'service_account', name: 'reborn' } };
    await started.send(event('user.created', 'sa_1', account));
    await started.send(event('user.deleted', 'sa_1'));
    expect(await look()).toMatchObject({ subjectId: 'sa_1', status: 'DELETED' });
    await started.send(event('user.created', 'sa_2', account));
    expect(await look()).toMatchObject({ subjectId: 'sa_2', status: 'ACTIVE' });
    expect((await policy.lookupIdentity({ tenantId: 'tnt_a', identityId: 'sa:reborn' })).identity).toMatchObject({
      subjectId: 'sa_2',
    });
    await started.send(event('user.created', 'sa_3', account));
    await started.send(event('user.deleted', 'sa_3'));
    await started.send(event('user.suspended', 'sa_2'));
    expect(await look()).toMatchObject({ subjectId: 'sa_2', status: 'SUSPENDED' });
  });

  it('find for policies an identity of one type or of any, deleted ones as such, and no stubs', async () => {
    const look = async (identityType: string, identityId: string) =>
      (await policy.lookupIdentity({ tenantId: 'tnt_a', identityType, identityId })).identity;
    expect(await look('', 'user:ada@a.example')).toMatchObject({
      subjectId: 'usr_ada',
      identityType: 'user',
      groups: [
        { subjectId: 'grp_nameless', identityId: '' },
        { subjectId: 'grp_sre', identityId: 'group:sre' },
      ],
    });
    expect(await look('', 'group:sre')).toMatchObject({ subjectId: 'grp_sre', identityType: 'group' });
    expect(await look('', 'grp_sre')).toMatchObject({ subjectId: 'grp_sre' });
    expect(await look('user', 'user:gone@a.example')).toMatchObject({ status: 'DELETED' });
    expect(await look('user', 'group:sre')).toBeUndefined();
    expect(await look('', 'grp_nameless')).toBeUndefined();
    expect(await look('', 'usr_nameless')).toBeUndefined();
    await expect(look('robot', 'x')).rejects.toMatchObject({ code: 'validation_error' });
  });

  it('of the feed are for our own processes', async () => {
    const pki = await started.vault.peer(IdentityFeedService, 'pki');
    const forbidden = { code: 'forbidden' };
    await expect(pki.lookupTenant({ tenantId: 'tnt_a' })).rejects.toMatchObject(forbidden);
    await expect(pki.lookupPartner({ partnerId: 'ptn_x' })).rejects.toMatchObject(forbidden);
    await expect(pki.lookupCaller({ tenantId: 'tnt_a', subject: 'x' })).rejects.toMatchObject(forbidden);
    await expect(started.feed.lookupIdentity({ tenantId: 'tnt_a', identityId: 'usr_ada' })).rejects.toMatchObject(
      forbidden,
    );
  });
});

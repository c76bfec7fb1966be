import type { Client } from '@connectrpc/connect';
import { DirectoryService, IdentityService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { event, type StartedIdentitySync, startIdentitySync, tenantEvent } from './start-identity-sync.ts';

/** As it travels. */
const list = (...roles: string[]) => new TextEncoder().encode(JSON.stringify(roles));

describeOnEveryWire('administrator roles', (wire) => {
  let started: StartedIdentitySync;
  let tenantAdmin: Client<typeof DirectoryService>;
  let partnerAdmin: Client<typeof DirectoryService>;
  let root: Client<typeof DirectoryService>;
  const as = (sub: string, ...roles: string[]) =>
    started.vault.client(DirectoryService, { sub, roles, scope: 'identity:read identity:admin' });

  beforeAll(async () => {
    started = await startIdentitySync(wire, { RATE_LIMIT_IDENTITY_OPS: '0' });
    tenantAdmin = await as('usr_ta', 'tenant_admin');
    partnerAdmin = await as('usr_pa', 'partner_admin');
    root = await as('usr_root', 'super_admin');
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    await started.forgetEverybody();
    for (const id of ['tnt_a', 'tnt_b']) await started.send(tenantEvent('created', id));
    await started.send(tenantEvent('created', 'tnt_z', { partner_id: 'ptn_y' }));
    const user = (id: string, tenant_id: string, ...roles: string[]) =>
      started.send(event('user.created', id, { tenant_id, data: { email: `${id}@x.example`, roles } }));
    await user('usr_ta', 'tnt_a', 'tenant_admin');
    await user('usr_pa', 'tnt_a', 'partner_admin');
    await user('usr_1', 'tnt_a');
    await user('usr_b', 'tnt_b');
    await user('usr_z', 'tnt_z');
    await user('usr_root', 'tnt_a', 'super_admin');
  });

  const refused = (reason: string) => ({ code: 'forbidden', details: { reason } });
  const caller = async (subject: string, tenantId = 'tnt_a') =>
    (await started.feed.lookupCaller({ tenantId, subject, identityId: 'user:x' })).caller;

  it('are given beside those of ScaiKey, and taken again', async () => {
    expect(await partnerAdmin.getUserRoles({ userId: 'usr_1' })).toMatchObject({ userId: 'usr_1', roles: [] });
    expect((await partnerAdmin.getUserRoles({ userId: 'usr_1' })).updatedAt).toBeUndefined();
    const given = await partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list('tenant_admin', 'tenant_admin') });
    expect(given).toMatchObject({ userId: 'usr_1', roles: ['tenant_admin'] });
    expect(given.updatedAt).toBeDefined();
    expect(await caller('usr_1')).toMatchObject({ roles: ['tenant_admin'] });
    const both = await partnerAdmin.setUserRoles({ userId: 'usr_ta', roles: list('partner_admin') });
    expect(both.roles).toEqual(['partner_admin', 'tenant_admin']);
    // A new name from ScaiKey takes nothing of it away.
    const named = { email: 'new@x.example', roles: ['tenant_admin'] };
    await started.send(event('user.updated', 'usr_ta', { data: named }));
    const identities = await started.vault.client(IdentityService);
    const found = await identities.resolveIdentity({ identityType: 'user', identityId: 'usr_ta' });
    expect(found.roles).toEqual(['partner_admin', 'tenant_admin']);
    expect(await partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list() })).toMatchObject({ roles: [] });
    expect(await caller('usr_1')).toMatchObject({ roles: [] });
  });

  it('are a matter of partner administrators, below their own partner', async () => {
    const give = { userId: 'usr_1', roles: list('tenant_admin') };
    await expect(tenantAdmin.setUserRoles(give)).rejects.toMatchObject(refused('partner_admin_required'));
    expect(await partnerAdmin.setUserRoles({ ...give, userId: 'usr_b' })).toMatchObject({ roles: ['tenant_admin'] });
    await expect(partnerAdmin.setUserRoles({ ...give, userId: 'usr_z' })).rejects.toMatchObject({
      code: 'identity_not_found',
    });
    expect(await root.setUserRoles({ ...give, userId: 'usr_z' })).toMatchObject({ roles: ['tenant_admin'] });
    await expect(root.setUserRoles({ ...give, roles: list('emperor') })).rejects.toMatchObject({
      code: 'invalid_role',
    });
  });

  it('give super_admin only by the hand of one, and take it likewise', async () => {
    const raise = { userId: 'usr_1', roles: list('super_admin') };
    await expect(partnerAdmin.setUserRoles(raise)).rejects.toMatchObject(refused('super_admin_required'));
    expect(await root.setUserRoles(raise)).toMatchObject({ roles: ['super_admin'] });
    await expect(partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list() })).rejects.toMatchObject(
      refused('super_admin_required'),
    );
  });

  it('are raised by nobody for himself, also not to what only his token claims', async () => {
    const own = (client: Client<typeof DirectoryService>, userId: string, role: string) =>
      client.setUserRoles({ userId, roles: list(role) });
    await expect(own(partnerAdmin, 'usr_pa', 'super_admin')).rejects.toMatchObject(refused('self_elevation'));
    await expect(own(tenantAdmin, 'usr_ta', 'partner_admin')).rejects.toMatchObject(refused('self_elevation'));
    const claimed = await as('usr_1', 'super_admin');
    await expect(own(claimed, 'usr_1', 'tenant_admin')).rejects.toMatchObject(refused('self_elevation'));
    // From another tenant it is still the same person.
    const elsewhere = await started.vault.client(
      DirectoryService,
      { sub: 'usr_1', roles: ['super_admin'] },
      { 'x-tenant-id': 'tnt_b' },
    );
    await expect(own(elsewhere, 'usr_1', 'tenant_admin')).rejects.toMatchObject(refused('self_elevation'));
    expect(await own(partnerAdmin, 'usr_pa', 'tenant_admin')).toBeDefined();
  });

  it('leave one super_admin, whoever asks', async () => {
    const drop = (userId: string) => root.setUserRoles({ userId, roles: list() });
    await expect(drop('usr_root')).rejects.toMatchObject(refused('last_super_admin'));
    await root.setUserRoles({ userId: 'usr_1', roles: list('super_admin') });
    // ScaiKey goes on giving it; with another one there it may be taken here.
    await expect(drop('usr_root')).resolves.toBeDefined();
    await started.send(event('user.suspended', 'usr_root'));
    await expect(drop('usr_1')).rejects.toMatchObject(refused('last_super_admin'));
  });

  it('leave one super_admin when two are taken at the same time', async () => {
    await started.send(event('user.updated', 'usr_root', { data: { email: 'root@x.example', roles: [] } }));
    for (const userId of ['usr_1', 'usr_b']) {
      await root.setUserRoles({ userId, roles: list('super_admin') });
    }
    const drop = (userId: string) => root.setUserRoles({ userId, roles: list() });
    const ends = await Promise.allSettled([drop('usr_1'), drop('usr_b')]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refusal = ends.find((end) => end.status === 'rejected');
    expect(refusal?.reason).toMatchObject(refused('last_super_admin'));
  });

  it('are judged by what a change under way has made of them', async () => {
    await started.send(event('user.updated', 'usr_root', { data: { email: 'root@x.example', roles: [] } }));
    for (const userId of ['usr_1', 'usr_b']) await root.setUserRoles({ userId, roles: list('super_admin') });
    const dropped = await started.db.withScope('t:tnt_b' as never, async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtext('scaivault.identity.super_admin'))`;
      await tx`update identity set assigned_roles = '{}' where subject_id = 'usr_b'`;
      const other = root.setUserRoles({ userId: 'usr_1', roles: list() }).catch((error: unknown) => error);
      const waiting = async () =>
        (await tx`select pid from pg_locks where locktype = 'advisory' and not granted`).length;
      await expect.poll(waiting).toBeGreaterThan(0);
      return { other };
    });
    expect(await dropped.other).toMatchObject(refused('last_super_admin'));
  });

  it('are not all taken by a request that names none', async () => {
    await partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list('tenant_admin') });
    const unfit = [undefined, '', '{}', 'null', '["tenant_admin",1]', JSON.stringify(Array(9).fill('tenant_admin'))];
    for (const text of unfit) {
      const roles = text === undefined ? undefined : new TextEncoder().encode(text);
      await expect(partnerAdmin.setUserRoles({ userId: 'usr_1', ...(roles && { roles }) })).rejects.toMatchObject({
        code: 'validation_error',
      });
    }
    expect(await caller('usr_1')).toMatchObject({ roles: ['tenant_admin'] });
  });

  it('bind the very next request: every follower hears of it before the answer', async () => {
    let { epoch, revision } = await started.feed.followIdentityRevisions({ followerId: 'f', epoch: '', confirmed: 0n });
    let isAnswered = false;
    const answer = partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list('tenant_admin') }).then((roles) => {
      isAnswered = true;
      return roles;
    });
    const heard: string[] = [];
    while (!heard.includes('t:tnt_a')) {
      const news = await started.feed.followIdentityRevisions({ followerId: 'f', epoch, confirmed: revision });
      heard.push(...news.changedScopes);
      ({ epoch, revision } = news);
    }
    expect(isAnswered).toBe(false);
    await started.feed.followIdentityRevisions({ followerId: 'f', epoch, confirmed: revision });
    expect(await answer).toMatchObject({ roles: ['tenant_admin'] });
  });

  it('are audited with what they were and what they are', async () => {
    await partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list('tenant_admin') });
    const row = started.vault.journal.outcomes.at(-1);
    expect(row).toMatchObject({ action: 'role_change', tenantId: 'tnt_a', success: true });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toMatchObject({
      user_id: 'usr_1',
      roles_before: [],
      roles_after: ['tenant_admin'],
    });
  });

  it('change once for one Idempotency-Key', async () => {
    const keyed = await started.vault.client(
      DirectoryService,
      { sub: 'usr_pa', roles: ['partner_admin'] },
      { 'idempotency-key': 'once' },
    );
    const give = { userId: 'usr_1', roles: list('tenant_admin') };
    const first = await keyed.setUserRoles(give);
    await partnerAdmin.setUserRoles({ userId: 'usr_1', roles: list() });
    expect(await keyed.setUserRoles(give)).toEqual(first);
    expect(await caller('usr_1')).toMatchObject({ roles: [] });
    await expect(keyed.setUserRoles({ ...give, roles: list() })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });
});

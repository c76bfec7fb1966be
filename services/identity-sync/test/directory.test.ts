import type { Client } from '@connectrpc/connect';
import { DirectoryService } from '@scaivault/contracts';
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

describeOnEveryWire('the directory', (wire) => {
  let started: StartedIdentitySync;
  /** Of tnt_a of ptn_x: nobody special, and the two administrators. */
  let member: Client<typeof DirectoryService>;
  let partnerAdmin: Client<typeof DirectoryService>;
  let root: Client<typeof DirectoryService>;
  const as = (claims: Parameters<StartedIdentitySync['vault']['client']>[1]) =>
    started.vault.client(DirectoryService, claims);

  beforeAll(async () => {
    started = await startIdentitySync(wire);
    member = await as({ sub: 'usr_member', roles: [] });
    partnerAdmin = await as({ sub: 'usr_partner', roles: ['partner_admin'] });
    root = await as({ sub: 'usr_root', roles: ['super_admin'] });
    await started.send(partnerEvent('created', 'ptn_x', { data: { name: 'X', slug: 'x', region: 'eu' } }));
    await started.send(partnerEvent('created', 'ptn_y', { data: { name: 'Y', status: 'SUSPENDED' } }));
    for (const id of ['tnt_a', 'tnt_b', 'tnt_gone'])
      await started.send(tenantEvent('created', id, { data: { name: id } }));
    await started.send(tenantEvent('deleted', 'tnt_gone'));
    await started.send(tenantEvent('created', 'tnt_z', { partner_id: 'ptn_y', data: { slug: 'z' } }));
    const people: [string, string, string, object][] = [
      ['usr_ada', 'tnt_a', 'ada@a.example', { first_name: 'Ada', last_name: 'Byron', roles: ['tenant_admin'] }],
      ['usr_bob', 'tnt_a', 'bob@a.example', { first_name: 'Bob', last_name: 'Adams', mfa_enabled: true }],
      ['usr_cy', 'tnt_a', 'cy_100%@a.example', { first_name: 'Cy', status: 'SUSPENDED' }],
      ['usr_gone', 'tnt_a', 'gone@a.example', {}],
      ['usr_b', 'tnt_b', 'b@b.example', { first_name: 'Bee' }],
      ['usr_z', 'tnt_z', 'z@z.example', {}],
    ];
    for (const [id, tenant_id, email, data] of people)
      await started.send(event('user.created', id, { tenant_id, data: { email, ...data } }));
    await started.send(event('user.created', 'sa_ci', { data: { type: 'service_account', name: 'ci' } }));
    await started.send(event('user.deleted', 'usr_gone'));
    await started.send(event('group.created', 'grp_sre', { data: { name: 'SRE' } }));
    await started.send(event('group.created', 'grp_ops', { data: { name: 'ops' } }));
    await started.send(event('group.created', 'grp_z', { tenant_id: 'tnt_z', data: { name: 'z' } }));
    for (const user of ['usr_ada', 'usr_bob', 'usr_gone', 'usr_stub'])
      await started.send(memberEvent('added', 'grp_sre', user));
    await started.send(memberEvent('removed', 'grp_sre', 'usr_bob'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

  it('shows partners as far as a caller sees', async () => {
    const own = await member.listPartners({});
    expect(own).toMatchObject({ page: 1, pageSize: 50, total: 1 });
    expect(own.partners).toMatchObject([{ id: 'ptn_x', name: 'X', slug: 'x', region: 'eu', status: 'ACTIVE' }]);
    expect(own.partners[0]?.lastSyncedAt).toBeDefined();
    expect(ids((await partnerAdmin.listPartners({})).partners)).toEqual(['ptn_x']);
    expect(ids((await root.listPartners({})).partners)).toEqual(['ptn_x', 'ptn_y']);
    expect(ids((await root.listPartners({ status: 'SUSPENDED' })).partners)).toEqual(['ptn_y']);
    expect((await member.listPartners({ status: 'SUSPENDED' })).total).toBe(0);
  });

  it('shows tenants as far as a caller sees, deleted ones when asked for', async () => {
    expect(await member.listTenants({})).toMatchObject({ total: 1, tenants: [{ id: 'tnt_a', partnerId: 'ptn_x' }] });
    expect(ids((await partnerAdmin.listTenants({})).tenants)).toEqual(['tnt_a', 'tnt_b']);
    expect(ids((await partnerAdmin.listTenants({ status: 'DELETED' })).tenants)).toEqual(['tnt_gone']);
    expect(ids((await root.listTenants({})).tenants)).toEqual(['tnt_a', 'tnt_b', 'tnt_z']);
    expect(ids((await root.listTenants({ partnerId: 'ptn_y' })).tenants)).toEqual(['tnt_z']);
    await expect(partnerAdmin.listTenants({ partnerId: 'ptn_y' })).rejects.toMatchObject({
      code: 'forbidden',
      details: { reason: 'foreign_partner' },
    });
  });

  it('comes in pages that together hold everything once', async () => {
    const first = await root.listTenants({ page: 1, pageSize: 2 });
    const second = await root.listTenants({ page: 2, pageSize: 2 });
    expect([first.total, second.total, second.page, second.pageSize]).toEqual([3, 3, 2, 2]);
    expect([...ids(first.tenants), ...ids(second.tenants)]).toEqual(['tnt_a', 'tnt_b', 'tnt_z']);
    expect((await root.listTenants({ page: 9, pageSize: 2 })).tenants).toEqual([]);
    for (const wrong of [{ page: 0 }, { pageSize: 0 }, { pageSize: 201 }, { page: 502, pageSize: 200 }]) {
      await expect(root.listTenants(wrong)).rejects.toMatchObject({ code: 'validation_error' });
    }
  });

  it('shows the users of a tenant with groups and roles', async () => {
    const { users, total } = await member.listUsers({ tenantId: 'tnt_a' });
    expect(total).toBe(4);
    expect(ids(users)).toEqual(['sa_ci', 'usr_ada', 'usr_bob', 'usr_cy']);
    expect(users[1]).toMatchObject({
      tenantId: 'tnt_a',
      email: 'ada@a.example',
      displayName: 'Ada Byron',
      status: 'ACTIVE',
      mfaEnabled: false,
      groups: ['group:SRE'],
      roles: ['tenant_admin'],
    });
    expect(users[2]).toMatchObject({ mfaEnabled: true, groups: [] });
    expect(users[0]?.email).toBeUndefined();
    expect(ids((await member.listUsers({ tenantId: 'tnt_a', status: 'DELETED' })).users)).toEqual(['usr_gone']);
    expect(ids((await member.listUsers({ tenantId: 'tnt_a', status: 'SUSPENDED' })).users)).toEqual(['usr_cy']);
  });

  it('finds users by the beginning of e-mail, name or surname, and takes no sign for a pattern', async () => {
    const find = async (q: string) => ids((await member.listUsers({ tenantId: 'tnt_a', q })).users);
    expect(await find('AD')).toEqual(['usr_ada', 'usr_bob']);
    expect(await find('byr')).toEqual(['usr_ada']);
    expect(await find('Bob A')).toEqual(['usr_bob']);
    expect(await find('ci')).toEqual(['sa_ci']);
    expect(await find('cy_100%@')).toEqual(['usr_cy']);
    for (const none of ['%', '_', 'gone', 'a.example', '\\']) expect(await find(none)).toEqual([]);
    expect((await member.listUsers({ tenantId: 'tnt_a', q: 'ad', pageSize: 1 })).total).toBe(2);
  });

  it('shows groups with how many are in them, and their members', async () => {
    const { groups, total } = await member.listGroups({ tenantId: 'tnt_a' });
    expect(total).toBe(2);
    expect(groups).toMatchObject([
      { id: 'grp_ops', name: 'ops', memberCount: 0, tenantId: 'tnt_a' },
      { id: 'grp_sre', name: 'SRE', memberCount: 2 },
    ]);
    expect(ids((await member.listGroups({ tenantId: 'tnt_a', q: 'sr' })).groups)).toEqual(['grp_sre']);
    const members = await member.listGroupMembers({ groupId: 'grp_sre' });
    expect(members).toMatchObject({
      total: 2,
      members: [
        { userId: 'usr_ada', email: 'ada@a.example', membershipType: 'DIRECT' },
        { userId: 'usr_stub', membershipType: 'DIRECT' },
      ],
    });
    expect(members.members[0]?.addedAt).toBeDefined();
  });

  it('opens other tenants as tenancy says, and hides foreign groups and users', async () => {
    expect(ids((await partnerAdmin.listUsers({ tenantId: 'tnt_b' })).users)).toEqual(['usr_b']);
    expect(ids((await root.listUsers({ tenantId: 'tnt_z' })).users)).toEqual(['usr_z']);
    const denied = { code: 'tenant_access_denied' };
    for (const tenantId of ['tnt_b', 'tnt_z', 'tnt_nowhere', 'a b']) {
      await expect(member.listUsers({ tenantId })).rejects.toMatchObject(denied);
      await expect(member.listGroups({ tenantId })).rejects.toMatchObject(denied);
    }
    await expect(partnerAdmin.listUsers({ tenantId: 'tnt_z' })).rejects.toMatchObject(denied);
    for (const client of [partnerAdmin, root]) {
      for (const tenantId of ['tnt_nowhere', 'tnt_gone'])
        await expect(client.listUsers({ tenantId })).rejects.toMatchObject({ code: 'tenant_not_found' });
    }
    const hidden = { code: 'identity_not_found' };
    for (const client of [member, partnerAdmin]) {
      await expect(client.listGroupMembers({ groupId: 'grp_z' })).rejects.toMatchObject(hidden);
      await expect(client.getUserRoles({ userId: 'usr_z' })).rejects.toMatchObject(hidden);
    }
    await expect(member.getUserRoles({ userId: 'usr_b' })).rejects.toMatchObject(hidden);
    expect(await partnerAdmin.getUserRoles({ userId: 'usr_b' })).toMatchObject({ userId: 'usr_b', roles: [] });
    expect((await root.listGroupMembers({ groupId: 'grp_z' })).total).toBe(0);
    await expect(root.listGroupMembers({ groupId: 'grp_none' })).rejects.toMatchObject(hidden);
  });

  it('needs its scope and leaves a row, except for the roles there are', async () => {
    const bare = await as({ sub: 'usr_member', roles: [], scope: '' });
    await expect(bare.listUsers({ tenantId: 'tnt_a' })).rejects.toMatchObject({ code: 'insufficient_scope' });
    const reader = await as({ sub: 'usr_member', roles: [], scope: 'identity:read' });
    await expect(reader.startSync({})).rejects.toMatchObject({ code: 'insufficient_scope' });
    await reader.listUsers({ tenantId: 'tnt_a' });
    expect(started.vault.journal.outcomes.at(-1)).toMatchObject({ action: 'config_read', tenantId: 'tnt_a' });
    const rows = started.vault.journal.outcomes.length;
    const { roles } = await bare.listRoles({});
    expect(roles.map(({ name }) => name)).toEqual(['tenant_admin', 'partner_admin', 'super_admin']);
    expect(roles[2]?.grantableBy).toEqual(['super_admin']);
    expect(started.vault.journal.outcomes).toHaveLength(rows);
  });

  it('cannot sync without a client at ScaiKey', async () => {
    await expect(root.startSync({})).rejects.toMatchObject({ code: 'service_unavailable' });
    expect((await root.listSyncs({})).total).toBe(0);
  });
});

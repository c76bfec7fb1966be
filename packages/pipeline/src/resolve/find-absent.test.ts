import { VaultError } from '@scaivault/errors';
import type { Conditions, PolicyRecord } from '@scaivault/policy-engine';
import { parseTenantId } from '@scaivault/tenancy';
import { createTestWorld, type TestWorld } from '@scaivault/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AbsentIdentity, createFindAbsent } from './find-absent.ts';
import type { CallerRecord } from './identity-directory.ts';

const bob: AbsentIdentity = {
  identityType: 'user',
  identityId: 'user:bob@a.example',
  subjectId: 'usr_bob',
  tenantId: parseTenantId('tnt_a'),
  homeTenantId: null,
};
const known: CallerRecord = {
  subjectId: 'usr_bob',
  identityType: 'user',
  identityId: 'user:bob@a.example',
  displayName: null,
  status: 'ACTIVE',
  groups: [{ subjectId: 'grp_1', identityId: 'group:readers' }],
  roles: [],
  tokensVoidBeforeMs: null,
  mfaVoidBeforeMs: null,
};
const listing = (identityId: string, conditions: Conditions | null = null): PolicyRecord => ({
  id: 'pol_1',
  name: 'listing',
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [{ path_pattern: 'app/**', permissions: ['list'], effect: 'allow', conditions }],
  bindings: [
    { identityType: identityId.startsWith('group') ? 'group' : 'user', identityId, subjectId: null, expiresAtMs: null },
  ],
});

describe('the authority of somebody who is not there', () => {
  let world: TestWorld;
  beforeEach(() => {
    world = createTestWorld();
  });
  const know = (more: Partial<CallerRecord> = {}, tenant = 'tnt_a') =>
    world.callers.set(`${tenant} usr_bob`, { ...known, ...more });
  const find = async (who: AbsentIdentity = bob) =>
    await createFindAbsent({ directory: world, policies: world, nowMs: () => 0 })(who);
  /** What he is told: that it is none of his business, whether he may list app/db, whether he is an administrator. */
  const rights = async (who: AbsentIdentity = bob): Promise<string> => {
    const found = await find(who);
    if (found === undefined) return 'nobody';
    return `${found.judge('list', 'app/db').allowed ? 'lists' : 'lists nothing'}${found.isTenantAdmin ? ' as admin' : ''}`;
  };

  it('is that of the policies in force, for his name and the groups of the directory', async () => {
    know();
    expect(await rights()).toBe('lists nothing');
    world.policies.push(listing('group:readers'));
    expect(await rights()).toBe('lists');
    know({ groups: [] });
    expect(await rights()).toBe('lists nothing');
  });

  it('has nothing that depends on a request', async () => {
    know();
    world.policies.push(listing('group:readers', { require_mfa: true }));
    expect(await rights()).toBe('lists nothing');
  });

  it('has the role of the directory', async () => {
    know({ roles: ['tenant_admin'] });
    expect(await rights()).toBe('lists as admin');
  });

  it('of somebody the directory does not know is that of his name', async () => {
    world.policies.push(listing('user:bob@a.example'));
    expect(await rights()).toBe('lists');
  });

  it.each([
    ['suspended', { status: 'SUSPENDED' }],
    ['deleted', { status: 'DELETED' }],
    ['somebody else by now', { subjectId: 'usr_new' }],
  ] as const)('is none when he is %s', async (_what, change) => {
    world.policies.push(listing('user:bob@a.example'));
    know(change);
    expect(await rights()).toBe('nobody');
  });

  it.each(['SUSPENDED', 'DELETED'] as const)('is none in a tenant that is %s', async (status) => {
    know({ roles: ['tenant_admin'] });
    const tenant = world.tenants.get('tnt_a');
    if (tenant !== undefined) world.tenants.set('tnt_a', { ...tenant, status });
    expect(await rights()).toBe('nobody');
  });

  it('abroad is that of a role that still opens the tenant', async () => {
    const abroad = { ...bob, tenantId: parseTenantId('tnt_b'), homeTenantId: parseTenantId('tnt_a') };
    know({ roles: ['partner_admin'] });
    expect(await rights(abroad)).toBe('lists as admin');
    expect(await rights({ ...abroad, tenantId: parseTenantId('tnt_z') })).toBe('nobody');
    know({ roles: ['tenant_admin'] });
    expect(await rights(abroad)).toBe('nobody');
  });

  it('is not guessed while directory or policies are away', async () => {
    const away = () => Promise.reject(new VaultError('service_unavailable', 'away'));
    const asking = (change: Partial<TestWorld>) =>
      createFindAbsent({ directory: { ...world, ...change }, policies: { ...world, ...change }, nowMs: () => 0 })(bob);
    know();
    for (const name of ['caller', 'tenant', 'bundle'])
      await expect(asking({ [name]: away })).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});

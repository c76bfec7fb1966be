import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  absent,
  notFound,
  password,
  type SecretPoliciesClient,
  type StartedSecretPolicies,
  startSecretPolicies,
  waitForLocked,
} from './start-secret-policies.ts';

describeOnEveryWire('deleting secret policies', (wire) => {
  let started: StartedSecretPolicies;
  let admin: SecretPoliciesClient;
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const make = async (name: string): Promise<string> => (await admin.createSecretPolicy(password(name))).id;
  const remove = (secretPolicyId: string, force = false) => admin.deleteSecretPolicy({ secretPolicyId, force });
  const inUse = (references: number) => ({ code: 'policy_in_use', details: { references } });

  it('removes a policy that nothing refers to, by force or not', async () => {
    for (const force of [false, true]) {
      const id = await make('gone');
      await remove(id, force);
      await expect(admin.readSecretPolicy({ secretPolicyId: id })).rejects.toMatchObject(notFound);
      await expect(remove(id, force)).rejects.toMatchObject(notFound);
    }
    await expect(remove(absent)).rejects.toMatchObject(notFound);
  });

  it('refuses while secrets of the tenant or of its partner refer to it, and counts both', async () => {
    const id = await make('referred');
    await started.attach('own', { to: id, count: 2 });
    await expect(remove(id)).rejects.toMatchObject(inUse(2));
    await started.attach('shared', { to: id, scope: 'p:ptn_x' });
    await expect(remove(id)).rejects.toMatchObject(inUse(3));
    await started.owner.sql`delete from secret where path like 'own/%'`;
    await expect(remove(id)).rejects.toMatchObject(inUse(1));
    expect(await admin.readSecretPolicy({ secretPolicyId: id })).toMatchObject({ name: 'referred' });
    await started.owner.sql`delete from secret where path like 'shared/%'`;
    await remove(id);
  });

  it('minds neither other policies nor those of other tenants, be their ids the same', async () => {
    const id = await make('lonely');
    const other = await make('other');
    await started.attach('mind/other-policy', { to: other });
    await started.owner.sql`
      insert into secret_policy
      select 't:tnt_b', id, name, policy_type, description, fields, is_active, created_at, updated_at
      from secret_policy where scope_id = 't:tnt_a' and id = ${id}`;
    await started.attach('mind/other-tenants-policy', { to: id, scope: 'p:ptn_x', policyScope: 't:tnt_b' });
    await remove(id, true);
    const left = await started.references('mind');
    expect(left.every((secret) => secret.id !== null && secret.revision === 1)).toBe(true);
    expect(left).toHaveLength(2);
  });

  it('counts a deleted secret while it can be restored', async () => {
    const id = await make('restorable');
    await started.attach('gone', { to: id, deletedDaysAgo: 31 });
    await started.attach('restorable', { to: id, deletedDaysAgo: 29 });
    await expect(remove(id)).rejects.toMatchObject(inUse(1));
    await started.owner.sql`delete from secret where path like 'restorable/%'`;
    await remove(id);
  });

  it('counts up to a thousand', async () => {
    const id = await make('popular');
    await started.attach('popular', { to: id, count: 999 });
    await started.attach('popular', { to: id, scope: 'p:ptn_x', count: 1 });
    await expect(remove(id)).rejects.toMatchObject(inUse(1000));
    await started.attach('popular-too', { to: id, scope: 'p:ptn_x', count: 700 });
    await expect(remove(id)).rejects.toMatchObject(inUse(1000));
  });

  it('detaches the secrets by force, each in a new revision of its metadata', async () => {
    const id = await make('forced');
    const other = await make('bystander');
    await started.attach('forced/own', { to: id, count: 2 });
    await started.attach('forced/gone', { to: id, deletedDaysAgo: 31 });
    await started.attach('forced/shared', { to: id, scope: 'p:ptn_x' });
    await started.attach('bystander', { to: other });
    await remove(id, true);
    await expect(admin.readSecretPolicy({ secretPolicyId: id })).rejects.toMatchObject(notFound);
    expect(await started.references('forced')).toEqual(Array.from({ length: 4 }, () => ({ id: null, revision: 2 })));
    const [row] = await started.owner.sql`
      select updated_at > created_at as "isUpdated", secret_policy_scope as "scope" from secret
      where path = 'forced/own/1'`;
    expect(row).toEqual({ isUpdated: true, scope: null });
    expect(await started.references('bystander')).toEqual([{ id: other, revision: 1 }]);
  });

  it('detaches any number of secrets', async () => {
    const id = await make('everywhere');
    await started.attach('everywhere', { to: id, count: 2500 });
    await started.attach('everywhere', { to: id, scope: 'p:ptn_x', count: 1200 });
    await remove(id, true);
    const left = await started.references('everywhere');
    expect(left).toHaveLength(3700);
    expect(new Set(left.map((secret) => `${secret.id} ${secret.revision}`))).toEqual(new Set(['null 2']));
  });

  it('detaches a secret that is being written at the moment', async () => {
    const id = await make('busy');
    await started.attach('busy', { to: id });
    const { removal } = await started.owner.transaction(async (tx) => {
      await tx`update secret set current_version = 2 where path = 'busy/1'`;
      const begun = remove(id, true);
      await waitForLocked(tx, 1);
      return { removal: begun };
    });
    await removal;
    expect(await started.references('busy')).toEqual([{ id: null, revision: 2 }]);
    await expect(admin.readSecretPolicy({ secretPolicyId: id })).rejects.toMatchObject(notFound);
  });

  it('detaches nothing when the policy stays', async () => {
    const id = await make('steady');
    await started.attach('steady', { to: id });
    await expect(remove(id)).rejects.toMatchObject(inUse(1));
    expect(await started.references('steady')).toEqual([{ id, revision: 1 }]);
  });
});

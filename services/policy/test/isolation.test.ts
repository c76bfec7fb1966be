import type { Client } from '@connectrpc/connect';
import { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { policy, type StartedPolicy, startPolicy } from './start-policy.ts';

type PolicyClient = Client<typeof PolicyService>;

describeOnEveryWire('tenants and partners', (wire) => {
  let started: StartedPolicy;
  beforeAll(async () => {
    started = await startPolicy(wire);
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const sa = { identityType: 'service_account', identityId: 'sa:x' };
  /** Every call that names a policy. */
  const everyCall = (client: PolicyClient, policyId: string, bindingId: string): (() => Promise<unknown>)[] => [
    () => client.getPolicy({ policyId }),
    () => client.listBindings({ policyId }),
    () => client.replacePolicy({ policyId, ...policy('stolen') }),
    () => client.updatePolicy({ policyId, name: 'stolen' }),
    () => client.createBinding({ policyId, ...sa }),
    () => client.deleteBinding({ policyId, bindingId }),
    () => client.deletePolicy({ policyId, force: true }),
  ];

  it('answers for a policy of another tenant as for one that does not exist', async () => {
    const owner = await started.admin('tnt_a');
    const { id } = await owner.createPolicy(policy('mine'));
    const binding = await owner.createBinding({ policyId: id, ...sa });
    for (const client of [
      await started.admin('tnt_b'),
      await started.admin('tnt_z'),
      await started.partnerAdmin('tnt_b'),
    ]) {
      for (const call of everyCall(client, id, binding.id)) {
        await expect(call()).rejects.toMatchObject({ code: 'policy_not_found', message: 'There is no such policy.' });
      }
    }
    expect(await owner.getPolicy({ policyId: id })).toMatchObject({ name: 'mine', bindings: [{ id: binding.id }] });
  });

  it('answers for a policy of another partner as for one that does not exist', async () => {
    const owner = await started.partnerAdmin('tnt_a');
    const { id } = await owner.createPolicy({ ...policy('rail'), scope: 'partner' });
    const binding = await owner.createBinding({ policyId: id, ...sa });
    const stranger = await started.partnerAdmin('tnt_z');
    for (const call of everyCall(stranger, id, binding.id)) {
      await expect(call()).rejects.toMatchObject({ code: 'policy_not_found' });
    }
    expect((await stranger.listPolicies({ scope: 'partner' })).policies).toEqual([]);
  });

  it('lets every tenant of the partner read its policies, and its administrators alone change them', async () => {
    const owner = await started.partnerAdmin('tnt_a');
    const { id: policyId } = await owner.createPolicy({ ...policy('shared'), scope: 'partner' });
    const { id: bindingId } = await owner.createBinding({ policyId, ...sa });
    const tenantAdmin = await started.admin('tnt_b');
    const [read, list, ...changes] = everyCall(tenantAdmin, policyId, bindingId);
    expect(await read?.()).toMatchObject({ scope: 'partner', bindings: [{ id: bindingId }] });
    expect(await list?.()).toMatchObject({ bindings: [{ id: bindingId }] });
    for (const change of changes) {
      await expect(change()).rejects.toMatchObject({
        code: 'forbidden',
        details: { reason: 'partner_admin_required' },
      });
    }
    await expect(tenantAdmin.createPolicy({ ...policy('own'), scope: 'partner' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const colleague = await started.partnerAdmin('tnt_b');
    for (const change of everyCall(colleague, policyId, bindingId)) await change();
    await expect(owner.getPolicy({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
  });

  it('lets a super admin change policies of the partner', async () => {
    const client = await started.vault.client(PolicyService, {
      roles: ['super_admin'],
    });
    const { id: policyId } = await client.createPolicy({ ...policy('by super'), scope: 'partner' });
    await client.deletePolicy({ policyId });
  });

  it('keeps names unique per tenant and per partner only', async () => {
    const partner = await started.partnerAdmin();
    for (const tenantId of ['tnt_a', 'tnt_b', 'tnt_z']) {
      await (await started.admin(tenantId)).createPolicy(policy('common'));
    }
    await partner.createPolicy({ ...policy('common'), scope: 'partner' });
    await expect(partner.createPolicy({ ...policy('common'), scope: 'partner' })).rejects.toMatchObject({
      code: 'name_conflict',
    });
  });

  it('has row-level security on both tables', async () => {
    for (const scope of ['t:tnt_b', 't:tnt_nobody']) {
      await started.db.withScope(scope as never, async (tx) => {
        expect(await tx`select id from policy where scope_id <> ${scope}`).toHaveLength(0);
        expect(await tx`select id from binding where scope_id <> ${scope}`).toHaveLength(0);
      });
    }
    expect(await started.db.sql`select id from policy`).toHaveLength(0);
    expect(await started.db.sql`select id from binding`).toHaveLength(0);
  });
});

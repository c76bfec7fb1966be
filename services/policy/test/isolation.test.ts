import type { Client } from '@connectrpc/connect';
import { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

  describe('X-Partner-ID', () => {
    const naming = async (partner: string, role: string, tenant = 'tnt_a') =>
      await started.vault.client(
        PolicyService,
        { roles: [role], tenant_id: 'tnt_a' },
        { 'x-partner-id': partner, ...(tenant === 'tnt_a' ? {} : { 'x-tenant-id': tenant }) },
      );
    const lastRow = () => {
      const row = started.vault.journal.outcomes.at(-1);
      const extra = JSON.parse(Buffer.from(row?.extraData ?? []).toString()) as Record<string, unknown>;
      return { tenantId: row?.tenantId, action: row?.action, errorCode: row?.errorCode, partnerId: extra.partner_id };
    };
    const cleared = async (client: Client<typeof PolicyService>): Promise<void> => {
      for (const { id } of (await client.listPolicies({ scope: 'partner', includeInactive: true })).policies)
        await client.deletePolicy({ policyId: id, force: true });
    };

    it("leads a super admin to the policies of that partner, beside the tenant's own", async () => {
      const root = await naming('ptn_y', 'super_admin');
      const theirs = await started.partnerAdmin('tnt_z');
      await cleared(theirs);
      const rail = await root.createPolicy({ ...policy('named'), scope: 'partner' });
      expect(lastRow()).toEqual({
        tenantId: 'tnt_a',
        action: 'policy_create',
        errorCode: undefined,
        partnerId: 'ptn_y',
      });
      expect((await theirs.listPolicies({ scope: 'partner' })).policies.map(({ id }) => id)).toEqual([rail.id]);
      expect((await root.listPolicies({ scope: 'partner' })).policies.map(({ id }) => id)).toEqual([rail.id]);
      const own = await root.createPolicy(policy('of the tenant'));
      expect(await (await started.admin('tnt_a')).getPolicy({ policyId: own.id })).toMatchObject({ scope: 'tenant' });
      expect((await root.listPolicies({})).policies.map(({ id }) => id)).toEqual(
        expect.arrayContaining([rail.id, own.id]),
      );
      await expect((await started.partnerAdmin('tnt_a')).getPolicy({ policyId: rail.id })).rejects.toMatchObject({
        code: 'policy_not_found',
      });

      const { id: bindingId } = await theirs.createBinding({ policyId: rail.id, ...sa });
      expect((await root.listBindings({ policyId: rail.id })).bindings).toMatchObject([{ id: bindingId }]);
      expect(await root.analyzePolicy({ policyId: rail.id })).toMatchObject({ complete: true });
      await root.updatePolicy({ policyId: rail.id, description: 'by root' });
      await root.replacePolicy({ policyId: rail.id, ...policy('renamed') });
      await root.deleteBinding({ policyId: rail.id, bindingId });
      await root.deletePolicy({ policyId: rail.id });
      await expect(theirs.getPolicy({ policyId: rail.id })).rejects.toMatchObject({ code: 'policy_not_found' });
    });

    it('does not let a page of one partner go on in another', async () => {
      const own = await naming('ptn_x', 'super_admin');
      for (const name of ['page one', 'page two']) await own.createPolicy({ ...policy(name), scope: 'partner' });
      const { cursor } = await own.listPolicies({ scope: 'partner', limit: 1 });
      await expect(
        (await naming('ptn_y', 'super_admin')).listPolicies({ scope: 'partner', limit: 1, ...(cursor && { cursor }) }),
      ).rejects.toMatchObject({ code: 'invalid_cursor' });
    });

    it('of a partner that is none is not_found for a super admin', async () => {
      const root = await naming('ghost', 'super_admin');
      const absence = { code: 'not_found', details: { resource: 'partner' } };
      await expect(root.listPolicies({})).rejects.toMatchObject(absence);
      await expect(root.createPolicy({ ...policy('nobody'), scope: 'partner' })).rejects.toMatchObject(absence);
    });

    it.each(['partner_admin', 'tenant_admin'])(
      'is refused to a %s, whether the partner exists or not',
      async (role) => {
        const { id: policyId } = await (await started.partnerAdmin('tnt_z')).createPolicy({
          ...policy(`rail against ${role}`),
          scope: 'partner',
        });
        const closed = { code: 'forbidden', details: { reason: 'foreign_partner' } };
        for (const partner of ['ptn_y', 'ghost']) {
          const client = await naming(partner, role);
          for (const call of everyCall(client, policyId, 'bnd_01J9ZC4A0B1C2D3E4F5G6H7J8K'))
            await expect(call()).rejects.toMatchObject(closed);
          await expect(client.listPolicies({})).rejects.toMatchObject(closed);
          await expect(client.createPolicy(policy('refused'))).rejects.toMatchObject(closed);
          expect(lastRow()).toEqual({
            tenantId: 'tnt_a',
            action: 'policy_create',
            errorCode: 'forbidden',
            partnerId: partner,
          });
        }
      },
    );

    it('of another partner than the tenant’s cannot say who is bound, tested or let in', async () => {
      const root = await naming('ptn_y', 'super_admin');
      const { id: policyId } = await root.createPolicy({ ...policy('of nobody here'), scope: 'partner' });
      const mismatch = { code: 'invalid_request', details: { reason: 'partner_mismatch' } };
      await expect(root.createBinding({ policyId, ...sa })).rejects.toMatchObject(mismatch);
      await expect(root.analyzePolicy({ policyId, identityId: sa.identityId })).rejects.toMatchObject(mismatch);
      await expect(
        root.testPolicies({ identityId: sa.identityId, path: 'app/db', permission: 'read' }),
      ).rejects.toMatchObject(mismatch);
      await expect(root.listAccess({ path: 'app/db', permission: 'read' })).rejects.toMatchObject(mismatch);

      const there = await naming('ptn_y', 'super_admin', 'tnt_z');
      const { id: bindingId } = await there.createBinding({ policyId, ...sa });
      expect(lastRow()).toEqual({
        tenantId: 'tnt_z',
        action: 'policy_bind',
        errorCode: undefined,
        partnerId: undefined,
      });
      const verdict = await there.testPolicies({ identityId: sa.identityId, path: 'app/db', permission: 'read' });
      expect(verdict).toMatchObject({ allowed: true, matched: { policyId } });
      await there.deleteBinding({ policyId, bindingId });
    });
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

import type { Client } from '@connectrpc/connect';
import type { PolicyService } from '@scaivault/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { policy, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

let started: StartedPolicy;
let admin: Client<typeof PolicyService>;
let since: number;
beforeAll(async () => {
  started = await startPolicy('direct');
  admin = await started.admin();
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(() => {
  since = started.vault.shipped.length;
});

/** What has come out of the outbox in this test, once there are so many: type and data. */
const told = async (count: number) => {
  await vi.waitFor(() => expect(started.vault.shipped.length).toBeGreaterThanOrEqual(since + count), 5_000);
  return started.vault.shipped
    .slice(since)
    .map(({ eventType, data }) => [eventType, JSON.parse(Buffer.from(data).toString()) as unknown]);
};

const ci = { identityType: 'service_account', identityId: 'sa:ci' };

describe('policies', () => {
  it('are told of as they are made, changed and deleted', async () => {
    const { id } = await admin.createPolicy({ ...policy('told'), description: 'first' });
    await admin.updatePolicy({ policyId: id, description: 'second', isActive: false });
    await admin.replacePolicy({
      policyId: id,
      name: 'renamed',
      rules: rulesOf({ path_pattern: 'b', permissions: ['list'] }),
    });
    await admin.createBinding({ policyId: id, ...ci });
    await admin.deletePolicy({ policyId: id, force: true });
    expect((await told(5)).filter(([type]) => type !== 'policy.binding.created')).toEqual([
      ['policy.created', { policy_id: id, name: 'told', scope: 'tenant', rule_count: 1 }],
      [
        'policy.updated',
        { policy_id: id, name: 'told', scope: 'tenant', changed_fields: ['description', 'is_active'] },
      ],
      [
        'policy.updated',
        {
          policy_id: id,
          name: 'renamed',
          scope: 'tenant',
          changed_fields: ['name', 'description', 'rules', 'is_active'],
        },
      ],
      ['policy.deleted', { policy_id: id, name: 'renamed', scope: 'tenant', binding_count: 1 }],
    ]);
  });

  it('say whose deed it was, in which tenant and by which request', async () => {
    const { id } = await admin.createPolicy(policy('origin'));
    await told(1);
    const event = started.vault.shipped[since];
    expect([event?.tenantId, event?.partnerId, event?.path, event?.secretType]).toEqual(['tnt_a', ...Array(3)]);
    expect(event).toMatchObject({
      eventId: expect.stringMatching(/^evt_/),
      identityId: 'user:admin@a.example',
      requestId: expect.stringMatching(/^req_/),
      tags: [],
    });
    await admin.deletePolicy({ policyId: id, force: false });
    await told(2);
  });

  it('of a partner are told to the partner', async () => {
    const { id } = await (await started.partnerAdmin()).createPolicy({ ...policy('shared'), scope: 'partner' });
    expect(await told(1)).toEqual([
      ['policy.created', { policy_id: id, name: 'shared', scope: 'partner', rule_count: 1 }],
    ]);
    const event = started.vault.shipped[since];
    expect([event?.tenantId, event?.partnerId]).toEqual([undefined, 'ptn_x']);
  });

  it('that were refused are told of to nobody', async () => {
    const { id } = await admin.createPolicy(policy('refused'));
    await admin.createBinding({ policyId: id, ...ci });
    await expect(admin.createPolicy(policy('refused'))).rejects.toMatchObject({
      message: expect.stringContaining('name'),
    });
    await expect(admin.deletePolicy({ policyId: id, force: false })).rejects.toThrow();
    await admin.updatePolicy({ policyId: id, description: 'the end' });
    expect((await told(3)).map(([type]) => type)).toEqual([
      'policy.created',
      'policy.binding.created',
      'policy.updated',
    ]);
  });
});

describe('bindings', () => {
  it('are told of as they are made, renewed and deleted', async () => {
    const { id: policyId } = await admin.createPolicy(policy('bound'));
    const { id } = await admin.createBinding({ policyId, ...ci });
    await admin.createBinding({ policyId, ...ci, expiresAt: '2100-01-01T00:00:00Z' });
    await admin.deleteBinding({ policyId, bindingId: id });
    const facts = { policy_id: policyId, binding_id: id, identity_type: 'service_account', identity_id: 'sa:ci' };
    expect((await told(4)).slice(1)).toEqual([
      ['policy.binding.created', { ...facts, expires_at: null }],
      ['policy.binding.created', { ...facts, expires_at: '2100-01-01T00:00:00Z' }],
      ['policy.binding.deleted', { ...facts, expires_at: '2100-01-01T00:00:00Z' }],
    ]);
  });
});

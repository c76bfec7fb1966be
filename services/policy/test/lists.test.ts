import type { Client } from '@connectrpc/connect';
import type { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { policy, type StartedPolicy, startPolicy } from './start-policy.ts';

describeOnEveryWire('lists', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
    const partner = await started.partnerAdmin();
    for (const name of ['one', 'two', 'three']) await admin.createPolicy(policy(name));
    await partner.createPolicy({ ...policy('guard'), scope: 'partner' });
    await admin.createPolicy({ ...policy('asleep'), isActive: false });
    await (await started.admin('tnt_z')).createPolicy(policy('elsewhere'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const names = async (request: Parameters<typeof admin.listPolicies>[0]): Promise<string[]> =>
    (await admin.listPolicies(request)).policies.map(({ name }) => name);

  it('shows the active policies of the tenant and of its partner, in the order they were made', async () => {
    expect(await names({})).toEqual(['one', 'two', 'three', 'guard']);
    expect(await names({ scope: 'partner' })).toEqual(['guard']);
    expect(await names({ scope: 'tenant', includeInactive: true })).toEqual(['one', 'two', 'three', 'asleep']);
  });

  it('counts rules and live bindings', async () => {
    const [first] = (await admin.listPolicies({ limit: 1 })).policies;
    const policyId = first!.id;
    await admin.createBinding({ policyId, identityType: 'user', identityId: 'user:x@a.example' });
    const { policies } = await admin.listPolicies({ limit: 1 });
    expect(policies).toMatchObject([{ id: policyId, ruleCount: 1, bindingCount: 1 }]);
  });

  it('goes through every policy once, page by page', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 1; ; pages++) {
      const page = await admin.listPolicies({ limit: 2, includeInactive: true, ...(cursor && { cursor }) });
      seen.push(...page.policies.map(({ name }) => name));
      cursor = page.cursor;
      expect(page.hasMore).toBe(cursor !== undefined);
      if (cursor === undefined) {
        expect(pages).toBe(3);
        break;
      }
    }
    expect(seen).toEqual(['one', 'two', 'three', 'guard', 'asleep']);
  });

  it('refuses a cursor that was changed, or made for other filters, another tenant or another list', async () => {
    const { cursor = '' } = await admin.listPolicies({ limit: 1 });
    const other = await started.admin('tnt_b');
    const [first] = (await admin.listPolicies({ limit: 1 })).policies;
    for (const call of [
      () => admin.listPolicies({ cursor: `${cursor.slice(0, -4)}AAAA` }),
      () => admin.listPolicies({ cursor, includeInactive: true }),
      () => admin.listPolicies({ cursor, scope: 'tenant' }),
      () => other.listPolicies({ cursor }),
      () => admin.listBindings({ policyId: first!.id, cursor }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });

  it('pages through the bindings of a policy', async () => {
    const { id: policyId } = await admin.createPolicy(policy('many'));
    for (const name of ['a', 'b', 'c']) {
      await admin.createBinding({ policyId, identityType: 'service_account', identityId: `sa:${name}` });
    }
    const first = await admin.listBindings({ policyId, limit: 2 });
    expect(first).toMatchObject({ hasMore: true, bindings: [{ identityId: 'sa:a' }, { identityId: 'sa:b' }] });
    const second = await admin.listBindings({ policyId, limit: 2, cursor: first.cursor! });
    expect(second).toMatchObject({ hasMore: false, bindings: [{ identityId: 'sa:c' }] });
  });

  it('refuses a page size out of range', async () => {
    await expect(admin.listPolicies({ limit: 0 })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(admin.listPolicies({ limit: 1001 })).rejects.toMatchObject({ code: 'validation_error' });
  });
});

import type { Client } from '@connectrpc/connect';
import { type PolicyService, RateLimitService } from '@scaivault/contracts';
import { createRevisionLog, type RevisionLog } from '@scaivault/db';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { policy, type StartedPolicy, startPolicy } from './start-policy.ts';

const bob = { identityType: 'user', identityId: 'user:bob@a.example' };

describe('the numbered changes of policies', () => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  let log: RevisionLog;
  let epoch: string;
  let before: number;
  let policyId: string;
  beforeAll(async () => {
    started = await startPolicy('direct');
    admin = await started.admin();
    log = createRevisionLog(started.db);
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    ({ id: policyId } = await admin.createPolicy(policy(`policy ${performance.now()}`)));
    ({ epoch, revision: before } = await log.newsSince({ epoch: '', confirmed: 0, heeds: '' }, 0));
  });
  const news = async () => {
    const { revision, changedScopes } = await log.newsSince({ epoch, confirmed: before, heeds: '' }, 100);
    return { numbers: revision - before, changedScopes };
  };
  const one = { numbers: 1, changedScopes: ['t:tnt_a'] };

  it.each<[string, () => Promise<unknown>]>([
    ['a new policy', () => admin.createPolicy(policy('new'))],
    ['a replaced one', () => admin.replacePolicy({ policyId, ...policy('replaced') })],
    ['an updated one', () => admin.updatePolicy({ policyId, isActive: false })],
    ['a deleted one', () => admin.deletePolicy({ policyId })],
    ['a binding', () => admin.createBinding({ policyId, ...bob })],
  ])('tell of %s', async (_what, act) => {
    await act();
    expect(await news()).toEqual(one);
  });

  it('tell of a renewed and of a removed binding, and once of a policy that goes with all of its own', async () => {
    const { id: bindingId } = await admin.createBinding({ policyId, ...bob });
    await admin.createBinding({ policyId, ...bob, expiresAt: '2999-01-01T00:00:00Z' });
    await admin.deleteBinding({ policyId, bindingId });
    expect(await news()).toMatchObject({ numbers: 3 });
    for (const name of ['x', 'y', 'z']) await admin.createBinding({ policyId, ...bob, identityId: `user:${name}` });
    await admin.deletePolicy({ policyId, force: true });
    expect(await news()).toMatchObject({ numbers: 7 });
  });

  it('name the partner where the policy is a partner’s', async () => {
    await (await started.partnerAdmin()).createPolicy({ ...policy('rail'), scope: 'partner' });
    expect(await news()).toEqual({ numbers: 1, changedScopes: ['p:ptn_x'] });
  });

  it('tell of rate limits under a name of their own', async () => {
    const limits = new TextEncoder().encode('{"audit:query":5}');
    const client = await started.vault.client(RateLimitService, { scope: 'admin', tenant_id: 'tnt_a' });
    await client.putRateLimits({ identityId: 'sa:x', limits });
    await client.putRateLimits({ identityId: 'sa:x', limits });
    await client.deleteRateLimits({ identityId: 'sa:x' });
    expect(await news()).toEqual({ numbers: 3, changedScopes: ['l:tnt_a'] });
  });

  it('tell nothing of what changes nothing: a read, a refusal, and the end of what had expired', async () => {
    const { id } = await admin.createBinding({ policyId, ...bob, expiresAt: '2999-01-01T00:00:00Z' });
    await started.db.withScope('t:tnt_a' as never, async (tx) => {
      await tx`update binding set expires_at = now() - interval '2 hours' where id = ${id}`;
    });
    ({ revision: before } = await log.newsSince({ epoch: '', confirmed: 0, heeds: '' }, 0));
    await admin.getPolicy({ policyId });
    await expect(admin.updatePolicy({ policyId: 'pol_none', name: 'x' })).rejects.toThrow();
    const [swept] = await started.db.sql<{ removed: number }[]>`
      select sweep_expired_bindings(now(), 10) as removed`;
    expect(swept?.removed).toBe(1);
    expect(await news()).toEqual({ numbers: 0, changedScopes: [] });
  });
});

import type { Client } from '@connectrpc/connect';
import { PolicyFeedService, type PolicyService, RateLimitFeedService } from '@scaivault/contracts';
import { createPolicyReplica } from '@scaivault/pipeline';
import { evaluate, type PolicySubject } from '@scaivault/policy-engine';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parsed, policy, readApp, type StartedPolicy, startPolicy } from './start-policy.ts';

const leaseMs = 1_000;
const tenantA = { tenantId: 'tnt_a', partnerId: 'ptn_x' };

describeOnEveryWire('the policy feed', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  let feed: Client<typeof PolicyFeedService>;
  beforeAll(async () => {
    started = await startPolicy(wire, { AUTHORITY_MAX_STALENESS: '1s' });
    admin = await started.admin();
    feed = await started.vault.peer(PolicyFeedService, 'secrets');
  });
  afterAll(() => started[Symbol.asyncDispose]());
  // No change waits for the followers of the test before.
  beforeEach(() => started.db.sql`delete from follower`);

  const user = { identityType: 'user', identityId: 'user:u@a.example' };

  describe('bundles', () => {
    it('hold the bound, active policies of the tenant and its partner, and nobody else’s', async () => {
      const partner = await started.partnerAdmin();
      started.directory.known.set('tnt_a group:sre', { subjectId: 'grp_1', identityType: 'group' });
      const own = await admin.createPolicy({ ...policy('own'), priority: 5 });
      await admin.createBinding({ policyId: own.id, ...user, expiresAt: '2099-01-01T00:00:00.25Z' });
      const rail = await partner.createPolicy({ ...policy('rail'), scope: 'partner', priority: -1 });
      await partner.createBinding({ policyId: rail.id, identityType: 'group', identityId: 'group:sre' });
      const asleep = await admin.createPolicy({ ...policy('asleep'), isActive: false });
      await admin.createBinding({ policyId: asleep.id, ...user });
      await admin.createPolicy(policy('unbound'));
      for (const tenantId of ['tnt_b', 'tnt_z']) {
        const other = await started.admin(tenantId);
        const { id: policyId } = await other.createPolicy(policy('own'));
        await other.createBinding({ policyId, ...user });
      }

      const { policies } = await feed.getPolicyBundle(tenantA);
      expect(policies).toMatchObject([
        {
          id: own.id,
          name: 'own',
          scope: 'tenant',
          priority: 5,
          bindings: [{ ...user, expiresAtMicros: BigInt(Date.parse('2099-01-01T00:00:00.25Z')) * 1000n }],
        },
        {
          id: rail.id,
          scope: 'partner',
          priority: -1,
          bindings: [{ identityType: 'group', identityId: 'group:sre', subjectId: 'grp_1' }],
        },
      ]);
      expect(parsed(policies[0]!.rulesJson)).toEqual([{ ...readApp, effect: 'allow', conditions: null }]);
      expect(policies[0]!.createdAtMicros / 1_000_000n).toBe(own.createdAt!.seconds);
      const elsewhere = await feed.getPolicyBundle({ tenantId: 'tnt_b', partnerId: 'ptn_x' });
      expect(elsewhere.policies.map(({ scope }) => scope)).toEqual(['tenant', 'partner']);
    });

    it('leave expired bindings out', async () => {
      const { id: policyId } = await admin.createPolicy(policy('expiring'));
      const { id } = await admin.createBinding({ policyId, ...user, expiresAt: '2099-01-01T00:00:00Z' });
      const ids = async () => (await feed.getPolicyBundle(tenantA)).policies.map((each) => each.id);
      expect(await ids()).toContain(policyId);
      await started.db.withScope(
        't:tnt_a' as never,
        (tx) => tx`update binding set expires_at = now() where id = ${id}`,
      );
      expect(await ids()).not.toContain(policyId);
    });

    it('are for our own processes', async () => {
      const outside = await started.vault.peer(PolicyFeedService, 'pki');
      await expect(outside.getPolicyBundle(tenantA)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(outside.followPolicyRevisions({ followerId: 'x' })).rejects.toMatchObject({ code: 'forbidden' });
    });
  });

  describe('a change', () => {
    /** Asks until there is something to tell: on a busy machine more than once. */
    const hear = async <News extends { readonly changedScopes: readonly string[] }>(follow: () => Promise<News>) => {
      let heard = await follow();
      while (heard.changedScopes.length === 0) heard = await follow();
      return heard;
    };

    it('is answered when the follower has confirmed it, and is in the bundle before', async () => {
      const { id: policyId } = await admin.createPolicy(policy('confirmed'));
      const follow = (epoch: string, confirmed: bigint) =>
        feed.followPolicyRevisions({ followerId: 'follower', epoch, confirmed });
      const { epoch, revision } = await follow('', 0n);
      const news = hear(() => follow(epoch, revision));
      let answered = false;
      const change = admin.createBinding({ policyId, ...user }).then(() => {
        answered = true;
      });
      const heard = await news;
      expect(heard).toMatchObject({ epoch, revision: revision + 1n, changedScopes: ['t:tnt_a'], reset: false });
      expect((await feed.getPolicyBundle(tenantA)).policies.map(({ id }) => id)).toContain(policyId);
      expect(answered).toBe(false);
      const next = follow(epoch, heard.revision);
      await change;
      expect(answered).toBe(true);
      await next;
    });

    it('waits for a dead follower only until its lease is over', async () => {
      const followedAt = performance.now();
      await feed.followPolicyRevisions({ followerId: 'dead' });
      await admin.createPolicy(policy('outlived'));
      const waitedMs = performance.now() - followedAt;
      expect(waitedMs).toBeGreaterThanOrEqual(leaseMs - 50);
      expect(waitedMs).toBeLessThan(leaseMs * 3);
    });

    it('of a partner policy names the scope of the partner', async () => {
      const partner = await started.partnerAdmin();
      const { epoch, revision } = await feed.followPolicyRevisions({ followerId: 'partner' });
      const news = hear(() => feed.followPolicyRevisions({ followerId: 'partner', epoch, confirmed: revision }));
      const change = partner.createPolicy({ ...policy('of the partner'), scope: 'partner' });
      const heard = await news;
      expect(heard.changedScopes).toEqual(['p:ptn_x']);
      await Promise.all([
        change,
        feed.followPolicyRevisions({ followerId: 'partner', epoch, confirmed: heard.revision }),
      ]);
    });

    it('that is refused is no news', async () => {
      const { epoch, revision } = await feed.followPolicyRevisions({ followerId: 'calm' });
      await expect(admin.deletePolicy({ policyId: 'pol_01J9ZC4A0B1C2D3E4F5G6H7J8K' })).rejects.toMatchObject({
        code: 'policy_not_found',
      });
      const next = await feed.followPolicyRevisions({ followerId: 'calm', epoch, confirmed: revision });
      expect(next).toMatchObject({ revision, changedScopes: [] });
    });
  });

  it('binds the very next decision of a replica after its answer', async () => {
    const failures: unknown[] = [];
    const replica = createPolicyReplica({
      client: feed,
      limits: await started.vault.peer(RateLimitFeedService, 'secrets'),
      maxStalenessMs: leaseMs,
      onFailure: (error) => failures.push(error),
    });
    await replica.start();
    const subject: PolicySubject = {
      identityType: 'user',
      identityId: 'user:next@a.example',
      subjectId: 'usr_next',
      groups: [],
      isTenantAdmin: false,
    };
    const isAllowed = async (): Promise<boolean> => {
      const bundle = await replica.bundle('tnt_a' as never, 'ptn_x' as never);
      const token = { issuedAtMs: null, mfaVerifiedAtMs: null, allowedPaths: null };
      return evaluate(bundle, subject, {
        permission: 'read',
        path: 'app/db',
        sourceIp: null,
        nowMs: Date.now(),
        token,
      }).allowed;
    };
    const { id: policyId } = await admin.createPolicy(policy('next'));
    expect(await isAllowed()).toBe(false);
    for (let round = 0; round < 5; round++) {
      const { id: bindingId } = await admin.createBinding({
        policyId,
        identityType: 'user',
        identityId: 'user:next@a.example',
      });
      expect(await isAllowed()).toBe(true);
      await admin.updatePolicy({ policyId, isActive: false });
      expect(await isAllowed()).toBe(false);
      await admin.updatePolicy({ policyId, isActive: true });
      expect(await isAllowed()).toBe(true);
      await admin.deleteBinding({ policyId, bindingId });
      expect(await isAllowed()).toBe(false);
    }
    await replica.stop();
    expect(failures).toEqual([]);
  });
});

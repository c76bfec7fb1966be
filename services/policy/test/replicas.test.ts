import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  IdentityFeedService,
  LookupIdentityResponseSchema,
  PolicyFeedService,
  PolicyService,
  RateLimitFeedService,
} from '@scaivault/contracts';
import { createPolicyReplica, type PolicyReplica } from '@scaivault/pipeline';
import { createDirectTransport, createDispatcher, mount } from '@scaivault/runtime';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import {
  createFakeSecrets,
  createTestDatabase,
  type StartedModule,
  startModule,
  type TestDatabase,
} from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPolicyModule } from '../src/module.ts';
import { policyMigrations } from '../src/store/migrations.ts';
import { policy } from './start-policy.ts';

const leaseMs = 2_000;
const sa = { identityType: 'service_account', identityId: 'sa:deploy' };

/** Stands for identity-sync, which knows nobody: whoever is bound is bound by name. */
const openEmptyDirectory = () => {
  const unused = () => Promise.reject(new Error('not asked in these tests'));
  const service = mount(IdentityFeedService, {
    lookupTenant: unused,
    lookupPartner: unused,
    lookupCaller: unused,
    followIdentityRevisions: unused,
    lookupIdentity: () => create(LookupIdentityResponseSchema, { found: false }),
  });
  const dispatcher = createDispatcher([service], (_method, handler) => handler);
  return createDirectTransport(() => dispatcher, 'policy');
};

interface Process {
  readonly module: StartedModule;
  readonly admin: Client<typeof PolicyService>;
  /** Another process, which follows this one. */
  readonly follower: PolicyReplica;
}

const startProcess = async (database: TestDatabase): Promise<Process> => {
  const module = await startModule({
    wire: 'unary',
    create: createPolicyModule,
    env: { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4', AUTHORITY_MAX_STALENESS: '2s' },
    peers: { 'identity-sync': openEmptyDirectory(), secrets: createFakeSecrets('policy').transport },
  });
  const follower = createPolicyReplica({
    client: await module.peer(PolicyFeedService, 'secrets'),
    limits: await module.peer(RateLimitFeedService, 'secrets'),
    maxStalenessMs: leaseMs,
    onFailure: () => {},
  });
  await follower.start();
  return { module, admin: await module.client(PolicyService, { tenant_id: 'tnt_a' }), follower };
};

describe('two processes of policy on one database', () => {
  let database: TestDatabase;
  let one: Process;
  let two: Process;
  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [policyMigrations] });
    [one, two] = [await startProcess(database), await startProcess(database)];
  });
  afterAll(async () => {
    for (const { follower, module } of [one, two]) {
      await follower.stop();
      await module[Symbol.asyncDispose]();
    }
    await database.drop();
  });

  const seenBy = async ({ follower }: Process): Promise<number> =>
    (await follower.bundle(parseTenantId('tnt_a'), parsePartnerId('ptn_x'))).policies.length;
  const seen = () => Promise.all([seenBy(one), seenBy(two)]);

  it('answer a change made at either only when the followers of both have taken it in', async () => {
    const { id: policyId } = await one.admin.createPolicy(policy('shared'));
    expect(await seen()).toEqual([0, 0]);
    for (let round = 0; round < 5; round++) {
      const { id: bindingId } = await one.admin.createBinding({ policyId, ...sa });
      expect(await seen()).toEqual([1, 1]);
      await two.admin.deleteBinding({ policyId, bindingId });
      expect(await seen()).toEqual([0, 0]);
    }
    await two.admin.deletePolicy({ policyId });
  });

  it('do without one that ends: its follower refuses, and changes at the other go on', async () => {
    const { id: policyId } = await two.admin.createPolicy(policy('afterwards'));
    expect(await seen()).toEqual([0, 0]);
    await one.module[Symbol.asyncDispose]();
    const startedAt = performance.now();
    await two.admin.createBinding({ policyId, ...sa });
    expect(performance.now() - startedAt).toBeLessThan(leaseMs + 2_000);
    await expect(seenBy(one)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(await seenBy(two)).toBe(1);
    const again = performance.now();
    await two.admin.deletePolicy({ policyId, force: true });
    expect(performance.now() - again).toBeLessThan(leaseMs);
    expect(await seenBy(two)).toBe(0);
  });
});

import { createClient, createRouterTransport } from '@connectrpc/connect';
import { IdentityFeedService, PolicyFeedService, RateLimitFeedService } from '@scaivault/contracts';
import { evaluate } from '@scaivault/policy-engine';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import { createIdentityReplica } from '../src/replica/identity-replica.ts';
import { createPolicyReplica } from '../src/replica/policy-replica.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const tenant = parseTenantId('tnt_a');
const partner = parsePartnerId('ptn_x');
const lease = { epoch: 'one', revision: 1n, reset: true, leaseMs: 5_000 };
/** An owner that grants one lease and has no news. */
const grantsOnce = () => {
  let granted = 0;
  return ({ leaves }: { leaves: boolean }) => (leaves || granted++ === 0 ? lease : new Promise<never>(() => {}));
};

describe('createIdentityReplica', () => {
  const open = async (caller: object | undefined, status = 'ACTIVE') => {
    const asked: unknown[] = [];
    const transport = createRouterTransport(({ service }) =>
      service(IdentityFeedService, {
        followIdentityRevisions: grantsOnce(),
        lookupTenant: (request) => {
          asked.push(request.tenantId);
          return request.tenantId === 'tnt_a' ? { found: true, partnerId: 'ptn_x', status } : { found: false };
        },
        lookupPartner: (request) => {
          asked.push(request.partnerId);
          return request.partnerId === 'ptn_x' ? { found: true, status } : { found: false };
        },
        lookupCaller: (request) => {
          asked.push([request.tenantId, request.subject, request.identityId]);
          return caller === undefined ? { found: false } : { found: true, caller };
        },
      }),
    );
    const client = createClient(IdentityFeedService, transport);
    const replica = createIdentityReplica({ client, maxStalenessMs: 5_000, onFailure: () => {} });
    closing.push(replica.stop);
    await replica.start();
    return { replica, asked };
  };

  it('turns what the mirror says into our words, once per identity', async () => {
    const { replica, asked } = await open({
      subjectId: 'usr_1',
      identityType: 'service_account',
      identityId: 'sa:deploy',
      status: 'SUSPENDED',
      groups: [{ subjectId: 'grp_1', identityId: 'group:sre' }],
      roles: ['tenant_admin'],
      tokensVoidBeforeMicros: 1_500_000n,
    });
    const { record } = await replica.caller(tenant, 'usr_1', 'sa:deploy');
    expect(record).toEqual({
      subjectId: 'usr_1',
      identityType: 'service_account',
      identityId: 'sa:deploy',
      displayName: null,
      status: 'SUSPENDED',
      groups: [{ subjectId: 'grp_1', identityId: 'group:sre' }],
      roles: ['tenant_admin'],
      tokensVoidBeforeMs: 1_500,
      mfaVoidBeforeMs: null,
    });
    await replica.caller(tenant, 'usr_1', 'sa:deploy');
    await replica.caller(tenant, 'usr_1', 'sa:other');
    expect(asked).toEqual([
      ['tnt_a', 'usr_1', 'sa:deploy'],
      ['tnt_a', 'usr_1', 'sa:other'],
    ]);
  });

  it('tells the unknown from the deleted, and takes a state it does not know for deleted', async () => {
    const { replica, asked } = await open(undefined, 'ARCHIVED');
    expect(await replica.tenant(tenant)).toEqual({ record: { partnerId: 'ptn_x', status: 'DELETED' } });
    expect(await replica.tenant(parseTenantId('ghost'))).toEqual({ record: undefined });
    expect(await replica.caller(tenant, 'usr_9', 'user:x')).toEqual({ record: undefined });
    await replica.tenant(parseTenantId('ghost'));
    expect(asked).toHaveLength(3);
  });

  it('knows partners as it knows tenants, and takes none for the other', async () => {
    const { replica, asked } = await open(undefined, 'SUSPENDED');
    expect(await replica.partner(partner)).toEqual({ record: { status: 'SUSPENDED' } });
    expect(await replica.partner(parsePartnerId('tnt_a'))).toEqual({ record: undefined });
    expect(await replica.tenant(tenant)).toEqual({ record: { partnerId: 'ptn_x', status: 'SUSPENDED' } });
    await replica.partner(partner);
    expect(asked).toEqual(['ptn_x', 'tnt_a', 'tnt_a']);
  });
});

describe('createPolicyReplica', () => {
  it('fetches and compiles the policies of a tenant and its partner', async () => {
    const rules = [{ path_pattern: 'app/**', permissions: ['read'], effect: 'allow', conditions: null }];
    const asked: string[] = [];
    const transport = createRouterTransport(({ service }) => {
      service(RateLimitFeedService, {
        getRateLimitBundle: ({ tenantId }) => {
          asked.push(`limits of ${tenantId}`);
          return { entries: [{ identityId: '*', limits: { 'secrets:read': 5 }, expiresAtMicros: 2_000_000n }] };
        },
      });
      service(PolicyFeedService, {
        followPolicyRevisions: grantsOnce(),
        getPolicyBundle: ({ tenantId, partnerId }) => {
          asked.push(`${tenantId} ${partnerId}`);
          return {
            policies: [
              {
                id: 'pol_1',
                name: 'readers',
                scope: 'partner',
                priority: 5,
                createdAtMicros: 1_000n,
                rulesJson: new TextEncoder().encode(JSON.stringify(rules)),
                bindings: [{ identityType: 'user', identityId: 'user:bob', expiresAtMicros: 2_000_000n }],
              },
            ],
          };
        },
      });
    });
    const client = createClient(PolicyFeedService, transport);
    const limits = createClient(RateLimitFeedService, transport);
    const replica = createPolicyReplica({ client, limits, maxStalenessMs: 5_000, onFailure: () => {} });
    closing.push(replica.stop);
    await replica.start();
    const bundle = await replica.bundle(tenant, partner);
    const subject = {
      identityType: 'user' as const,
      identityId: 'user:bob',
      subjectId: null,
      groups: [],
      isTenantAdmin: false,
    };
    const token = { issuedAtMs: null, mfaVerifiedAtMs: null, allowedPaths: null };
    const at = (nowMs: number, path: string): string | null =>
      evaluate(bundle, subject, { permission: 'read', path, sourceIp: null, nowMs, token }).policyId;
    expect([at(1_999, 'app/db'), at(2_001, 'app/db'), at(1_999, 'other')]).toEqual(['pol_1', null, null]);
    expect(replica.bundle(tenant, partner)).toBe(bundle);
    expect(await replica.rateOverrides(tenant)).toEqual(
      new Map([['*', { limits: { 'secrets:read': 5 }, expiresAtMs: 2_000 }]]),
    );
    expect(replica.rateOverrides(tenant)).toBe(await replica.rateOverrides(tenant));
    expect(replica.bundle(tenant, partner)).toBe(bundle);
    expect(asked).toEqual(['tnt_a ptn_x', 'limits of tnt_a']);
  });

  it('heeds rate limits only where it is for nothing else, and then gives no policies', async () => {
    const heeded: string[] = [];
    const transport = createRouterTransport(({ service }) => {
      service(RateLimitFeedService, { getRateLimitBundle: () => ({}) });
      service(PolicyFeedService, {
        followPolicyRevisions: ({ heeds }) => {
          heeded.push(heeds);
          return { epoch: 'e', revision: 1n, leaseMs: 5_000 };
        },
      });
    });
    const clients = {
      client: createClient(PolicyFeedService, transport),
      limits: createClient(RateLimitFeedService, transport),
    };
    const replica = createPolicyReplica({ ...clients, limitsOnly: true, maxStalenessMs: 5_000, onFailure: () => {} });
    closing.push(replica.stop);
    await replica.start();
    expect(heeded[0]).toBe('l:');
    expect(await replica.rateOverrides(tenant)).toEqual(new Map());
    expect(() => replica.bundle(tenant, partner)).toThrow('does not follow policies');
  });
});

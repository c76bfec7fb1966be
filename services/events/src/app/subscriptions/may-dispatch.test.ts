import { VaultError } from '@scaivault/errors';
import { createFindAbsent } from '@scaivault/pipeline';
import type { Conditions } from '@scaivault/policy-engine';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import { createTestWorld, type TestWorld } from '@scaivault/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { listing } from '../../../test/start-events.ts';
import type { Subscription, SubscriptionStatus } from '../../domain/subscriptions/subscription.ts';
import { createMayDispatch } from './may-dispatch.ts';

const scopeId = 't:tnt_a' as ScopeId;
const subscription = {
  id: 'sub_1',
  status: 'active' as SubscriptionStatus,
  owner: {
    tenantId: 'tnt_a' as TenantId,
    subjectId: 'usr_bob',
    identityType: 'user',
    identityId: 'user:bob@a.example',
  },
};

describe('an event for the address of a subscription', () => {
  let world: TestWorld;
  let present: unknown;
  beforeEach(() => {
    world = createTestWorld();
    present = subscription;
  });
  const know = (roles: readonly string[], status: 'ACTIVE' | 'SUSPENDED' = 'ACTIVE') =>
    world.callers.set('tnt_a usr_bob', {
      subjectId: 'usr_bob',
      identityType: 'user',
      identityId: 'user:bob@a.example',
      displayName: null,
      status,
      groups: [],
      roles,
      tokensVoidBeforeMs: null,
      mfaVoidBeforeMs: null,
    });
  const may = (path: string | null) =>
    createMayDispatch({
      subscriptions: { find: async () => present as Subscription | undefined },
      findAbsent: createFindAbsent({ directory: world, policies: world, nowMs: Date.now }),
    })(scopeId, 'sub_1', { path });

  it('is sent while its owner may list the path, and no longer', async () => {
    know([]);
    expect(await may('app/db')).toBe(false);
    world.policies.push(listing('bob', 'app/*'));
    expect(await may('app/db')).toBe(true);
    expect(await may('ops/db')).toBe(false);
    world.policies.length = 0;
    expect(await may('app/db')).toBe(false);
  });

  it.each<Conditions>([{ require_mfa: true }, { ip_ranges: ['0.0.0.0/0', '::/0'] }, { token_max_age: '10h' }])(
    'is not sent on a rule with %j, and is held back by one that denies with it',
    async (conditions) => {
      know([]);
      world.policies.push(listing('bob', 'app/*', conditions));
      expect(await may('app/db')).toBe(false);
      const { rules, ...policy } = listing('bob', 'app/*', conditions);
      const denying = rules.map((rule) => ({ ...rule, effect: 'deny' as const }));
      world.policies.splice(0, 1, { ...policy, priority: 1, rules: denying }, listing('bob', '**'));
      expect(await may('app/db')).toBe(false);
      expect(await may('ops/db')).toBe(true);
    },
  );

  it('without a path is sent to tenant admins of the directory', async () => {
    know([]);
    world.policies.push(listing('bob', '**'));
    expect(await may(null)).toBe(false);
    know(['tenant_admin']);
    expect(await may(null)).toBe(true);
  });

  it('is not sent for an owner who is suspended, nor for a subscription that is not active or is gone', async () => {
    world.policies.push(listing('bob', 'app/*'));
    know([], 'SUSPENDED');
    expect(await may('app/db')).toBe(false);
    know([]);
    for (const status of ['paused', 'disabled'] as const) {
      present = { ...subscription, status };
      expect(await may('app/db')).toBe(false);
    }
    present = undefined;
    expect(await may('app/db')).toBe(false);
  });

  it('waits while nobody can say', async () => {
    world.tenant = () => Promise.reject(new VaultError('service_unavailable', 'away'));
    await expect(may('app/db')).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});

import type { Client } from '@connectrpc/connect';
import { PolicyFeedService, type PolicyService } from '@scaivault/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readApp, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

const rule = JSON.stringify({
  path_pattern: `fill/${'x'.repeat(55)}/**`,
  permissions: ['read'],
  effect: 'allow',
  conditions: null,
});
const hundred = `[${Array.from({ length: 100 }, () => rule).join(',')}]`;
const refused = (reason: string) => ({ code: 'invalid_policy', details: { field: 'rules', reason } });

/** As much as a scope may have but for one rule, in policies of a hundred rules, each bound. */
const fill = async ({ db }: StartedPolicy, scopeId: string, policies: number): Promise<void> => {
  await db.withScope(scopeId as never, async (tx) => {
    await tx`
      insert into policy (scope_id, id, name, priority, is_active, rules, rule_count, created_at, updated_at)
      select ${scopeId}, 'pol_fill' || n, 'fill ' || n, 100, true, ${hundred}, case when n = 1 then 99 else 100 end, now(), now()
      from generate_series(1, ${policies}::integer) n`;
    await tx`
      insert into binding (scope_id, policy_id, id, identity_type, identity_id, created_at, created_by)
      select ${scopeId}, 'pol_fill' || n, 'bnd_' || n, 'user', 'user:u' || n, now(), 'test'
      from generate_series(1, ${policies}::integer) n`;
  });
};

describe('all policies of a scope', () => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  let partner: Client<typeof PolicyService>;
  beforeAll(async () => {
    started = await startPolicy('unary');
    await fill(started, 't:tnt_a', 1_000);
    await fill(started, 'p:ptn_x', 250);
    admin = await started.admin();
    partner = await started.partnerAdmin();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  it('of a full tenant and a full partner reach a process as one message', async () => {
    const feed = await started.vault.peer(PolicyFeedService, 'secrets');
    const { policies } = await feed.getPolicyBundle({ tenantId: 'tnt_a', partnerId: 'ptn_x' });
    expect(policies).toHaveLength(1_250);
  });

  it.each([
    ['tenant', () => admin],
    ['partner', () => partner],
  ] as const)('of a %s have an end to their rules, and room again when some are gone', async (scope, client) => {
    const one = { name: `last of ${scope}`, scope, rules: rulesOf(readApp) };
    const { id: policyId } = await client().createPolicy(one);
    const more = { ...one, name: `one too many of ${scope}` };
    await expect(client().createPolicy(more)).rejects.toMatchObject(refused('too_many_rules'));
    await expect(client().updatePolicy({ policyId, rules: rulesOf(readApp, readApp) })).rejects.toMatchObject(
      refused('too_many_rules'),
    );
    expect((await client().getPolicy({ policyId })).description).toBeUndefined();
    await client().updatePolicy({ policyId, description: 'no rule more' });
    await client().deletePolicy({ policyId });
    const { id } = await client().createPolicy(more);
    await client().deletePolicy({ policyId: id });
  });

  it('have an end to their bytes, bindings included', async () => {
    const scopeId = 't:tnt_b';
    await started.db.withScope(scopeId as never, async (tx) => {
      await tx`
        insert into policy (scope_id, id, name, priority, is_active, rules, rule_count, created_at, updated_at)
        select ${scopeId}, 'pol_01J9ZC4A0B1C2D3E4F5G6H7J' || n, 'fill ' || n, 100, true, repeat(' ', 1048390), 1, now(), now()
        from generate_series(10, 23) n`;
    });
    const other = await started.admin('tnt_b');
    const policyId = 'pol_01J9ZC4A0B1C2D3E4F5G6H7J10';
    const bind = (n: number) =>
      other.createBinding({ policyId, identityType: 'user', identityId: `user:${'u'.repeat(250)}${n}` });
    const bound: string[] = [];
    await expect(
      (async () => {
        for (let n = 10; n < 20; n += 1) bound.push((await bind(n)).id);
      })(),
    ).rejects.toMatchObject(refused('too_many_bytes'));
    expect(bound.length).toBeGreaterThan(0);
    await other.deleteBinding({ policyId, bindingId: bound[0] ?? '' });
    await bind(30);
  });
});

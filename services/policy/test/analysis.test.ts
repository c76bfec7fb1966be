import type { Client } from '@connectrpc/connect';
import { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsed, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

const rule = (path_pattern: string, permissions: string[], more: object = {}) => ({
  path_pattern,
  permissions,
  ...more,
});
const deny = { effect: 'deny' };

describeOnEveryWire('rules that never decide', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  const add = async (
    name: string,
    priority: number,
    bindings: readonly string[],
    ...rules: object[]
  ): Promise<string> => {
    const { id: policyId } = await admin.createPolicy({ name, priority, rules: rulesOf(...rules) });
    for (const identityId of bindings) {
      const identityType = identityId.startsWith('group:') ? 'group' : 'user';
      await admin.createBinding({ policyId, identityType, identityId });
    }
    return policyId;
  };
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
    const sre = { subjectId: 'grp_sre', identityId: 'group:sre' };
    const alice = { subjectId: 'usr_alice', identityType: 'user', identityId: 'user:alice', roles: [] };
    started.directory.known.set('tnt_a user:alice', { ...alice, groups: [sre] as never });
    started.directory.known.set('tnt_a group:sre', { ...sre, identityType: 'group' });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  it('are told of one policy, whoever is bound to it, with the rules that come first and a sentence', async () => {
    const policyId = await add(
      'shop',
      100,
      [],
      rule('shop/**', ['read', 'list']),
      rule('shop/keys/*', ['read'], deny),
      rule('shop/db', ['list']),
      rule('shop/db', ['write']),
    );
    const { findings, complete } = await admin.analyzePolicy({ policyId });
    expect(complete).toBe(true);
    const because = [{ policyId, policyName: 'shop', ruleIndex: 0 }];
    expect(findings).toMatchObject([
      { policyId, policyName: 'shop', ruleIndex: 1, kind: 'contradicted', because },
      { policyId, policyName: 'shop', ruleIndex: 2, kind: 'redundant', because },
    ]);
    expect(findings[0]?.message).toBe(
      'Rule 1 of policy "shop" never decides: rule 0 of policy "shop" always decides before it, and not the same.',
    );
  });

  it('are told across the policies of an identity, its groups counted in, as far as they concern the policy', async () => {
    const guard = await add('guard', 10, ['group:sre'], rule('pay/**', ['admin'], deny));
    const open = await add('open', 200, ['user:alice'], rule('pay/key', ['read']), rule('bill', ['read']));
    await add('others', 5, ['user:bob'], rule('**', ['admin'], deny));
    const finding = {
      policyId: open,
      ruleIndex: 0,
      kind: 'contradicted',
      because: [{ policyId: guard, policyName: 'guard', ruleIndex: 0 }],
    };
    expect((await admin.analyzePolicy({ policyId: open })).findings).toEqual([]);
    for (const policyId of [open, guard]) {
      expect((await admin.analyzePolicy({ policyId, identityId: 'user:alice' })).findings).toMatchObject([finding]);
    }
  });

  it('are not told of when the earlier binding ends first', async () => {
    const brief = await add('brief', 10, [], rule('tmp/**', ['read']));
    await admin.createBinding({
      policyId: brief,
      identityType: 'user',
      identityId: 'user:alice',
      expiresAt: '2099-01-01T00:00:00Z',
    });
    const lasting = await add('lasting', 20, ['user:alice'], rule('tmp/x', ['read']));
    expect((await admin.analyzePolicy({ policyId: lasting, identityId: 'user:alice' })).findings).toEqual([]);
  });

  it('are asked of a policy that is there, and of an identity that it is bound to', async () => {
    const policyId = await add('lonely', 100, [], rule('x', ['read']));
    await expect(admin.analyzePolicy({ policyId, identityId: 'user:alice' })).rejects.toMatchObject({
      code: 'validation_error',
      details: { fields: [expect.objectContaining({ field: 'identity_id', rule: 'conflict' })] },
    });
    await expect(admin.analyzePolicy({ policyId, identityId: 'user:nobody' })).rejects.toMatchObject({
      code: 'identity_not_found',
    });
    await expect(admin.analyzePolicy({ policyId, identityId: 'group:sre' })).rejects.toMatchObject({
      code: 'validation_error',
    });
    const elsewhere = await started.admin('tnt_z');
    await expect(elsewhere.analyzePolicy({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
    const writer = await started.vault.client(PolicyService, { scope: 'policies:write' });
    await expect(writer.analyzePolicy({ policyId })).rejects.toMatchObject({ code: 'insufficient_scope' });
  });

  it('leave a row of who looked at what', async () => {
    const policyId = await add('seen', 100, ['user:alice'], rule('x', ['read']));
    await admin.analyzePolicy({ policyId, identityId: 'user:alice' });
    const row = started.vault.journal.outcomes.at(-1)!;
    expect(row).toMatchObject({ action: 'config_read', success: true });
    expect(parsed(row.extraData)).toMatchObject({
      resource: 'policy_analysis',
      policy_id: policyId,
      about: 'user:alice',
    });
  });
});

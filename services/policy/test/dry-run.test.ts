import type { Client } from '@connectrpc/connect';
import type { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

describeOnEveryWire('the dry run', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  const ids: Record<string, string> = {};
  /** The worked example of rest-api-core 6.5. */
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
    const { known } = started.directory;
    const sre = { subjectId: 'grp_sre', identityId: 'group:sre' };
    const alice = { subjectId: 'usr_alice', identityType: 'user', identityId: 'user:alice', roles: [] };
    known.set('tnt_a user:alice', { ...alice, groups: [sre] as never });
    known.set('tnt_a usr_alice', { ...alice, groups: [sre] as never });
    known.set('tnt_a group:sre', { ...sre, identityType: 'group' });
    known.set('tnt_a sa:deploy', {
      subjectId: 'sac_1',
      identityType: 'service_account',
      identityId: 'sa:deploy',
      groups: [sre] as never,
    });
    known.set('tnt_a user:root', {
      subjectId: 'usr_root',
      identityType: 'user',
      identityId: 'user:root',
      roles: ['tenant_admin'],
    });
    const add = async (name: string, priority: number, identity: object, ...rules: object[]): Promise<void> => {
      const { id: policyId } = await admin.createPolicy({ name, priority, rules: rulesOf(...rules) });
      ids[name] = policyId;
      await admin.createBinding({ policyId, ...(identity as { identityType: string; identityId: string }) });
    };
    const group = { identityType: 'group', identityId: 'group:sre' };
    const rule = (path_pattern: string, permissions: string[], conditions: object | null = null, effect = 'allow') => ({
      path_pattern,
      permissions,
      effect,
      conditions,
    });
    await add(
      'guard',
      10,
      group,
      rule('env/prod/payments/**', ['read', 'write'], { identity_types: ['user'] }, 'deny'),
    );
    await add(
      'sre',
      100,
      group,
      rule('env/prod/**', ['read', 'list'], { require_mfa: true }),
      rule('env/*/app/**', ['list']),
    );
    await add(
      'office',
      100,
      { identityType: 'user', identityId: 'user:alice' },
      rule('env/prod/app/*', ['read'], { ip_ranges: ['10.0.0.0/8'] }),
    );
    await add(
      'young',
      200,
      { identityType: 'service_account', identityId: 'sa:new' },
      rule('young', ['read'], { token_max_age: '1h' }),
    );
    await add(
      'night',
      200,
      { identityType: 'service_account', identityId: 'sa:new' },
      rule('night', ['read'], { time_window: { start: '22:00', end: '06:00' } }),
    );
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const test = (identityId: string, path: string, context: object = {}, permission = 'read') =>
    admin.testPolicies({ identityId, path, permission, context });

  it('tells what denied, what was tried, and in which order', async () => {
    expect(await test('user:alice', 'env/prod/payments/key', { mfaVerified: true })).toMatchObject({
      allowed: false,
      reason: 'denied_by_rule',
      matched: { policyId: ids.guard, policyName: 'guard', ruleIndex: 0 },
      evaluated: [{ policyId: ids.guard, name: 'guard', rulesConsidered: 1 }],
    });
  });

  it('explains itself: through whom each policy is bound, and what each rule about the path had to say', async () => {
    const { evaluated } = await test('user:alice', 'env/prod/app/db', { sourceIp: '10.1.2.3' });
    expect(evaluated).toMatchObject([
      { name: 'guard', rulesConsidered: 1, boundAs: ['group:sre'], rules: [] },
      {
        name: 'sre',
        rulesConsidered: 2,
        boundAs: ['group:sre'],
        rules: [
          { ruleIndex: 0, outcome: 'condition_failed', failedCondition: 'require_mfa' },
          { ruleIndex: 1, outcome: 'other_permission' },
        ],
      },
      { name: 'office', boundAs: ['user:alice'], rules: [{ ruleIndex: 0, outcome: 'allowed' }] },
    ]);
  });

  it('takes mfa_verified as a second factor given at that time', async () => {
    expect(await test('user:alice', 'env/prod/app/db', { mfaVerified: true })).toMatchObject({
      allowed: true,
      reason: 'allowed_by_rule',
      matched: { policyId: ids.sre },
    });
    const past = { mfaVerified: true, timestamp: '2020-05-01T12:00:00Z' };
    expect(await test('user:alice', 'env/prod/app/db', past)).toMatchObject({ allowed: true });
  });

  it('tries policies by priority alone, bound directly, through a group or by the partner', async () => {
    const rule = (effect: string, path: string) => rulesOf({ path_pattern: path, permissions: ['read'], effect });
    const alice = { identityType: 'user', identityId: 'user:alice' };
    const sre = { identityType: 'group', identityId: 'group:sre' };
    const direct = await admin.createPolicy({ name: 'direct', priority: 0, rules: rule('allow', 'rail/**') });
    await admin.createBinding({ policyId: direct.id, ...alice });
    const grouped = await admin.createPolicy({ name: 'grouped', priority: 1, rules: rule('deny', 'rail/**') });
    await admin.createBinding({ policyId: grouped.id, ...sre });
    expect(await test('user:alice', 'rail/x')).toMatchObject({ allowed: true, matched: { policyName: 'direct' } });

    const partner = await started.partnerAdmin();
    const input = { name: 'rail', scope: 'partner', priority: -1000, rules: rule('deny', 'rail/x') };
    const { id: policyId } = await partner.createPolicy(input);
    await partner.createBinding({ policyId, ...sre });
    const answer = await test('user:alice', 'rail/x');
    expect(answer).toMatchObject({ allowed: false, reason: 'denied_by_rule', matched: { policyName: 'rail' } });
    expect(answer.evaluated).toMatchObject([{ name: 'rail', boundAs: ['group:sre'] }]);
    expect(await test('user:alice', 'rail/y')).toMatchObject({ allowed: true });
    await partner.deletePolicy({ policyId, force: true });
    for (const { id } of [direct, grouped]) await admin.deletePolicy({ policyId: id, force: true });
  });

  it('counts a binding only until it ends, at the time assumed', async () => {
    const rules = rulesOf({ path_pattern: 'brief', permissions: ['read'] });
    const { id: policyId } = await admin.createPolicy({ name: 'brief', rules });
    const alice = { identityType: 'user', identityId: 'user:alice' };
    await admin.createBinding({ policyId, ...alice, expiresAt: '2099-01-01T00:00:00Z' });
    expect(await test('user:alice', 'brief', { timestamp: '2098-12-31T23:59:59Z' })).toMatchObject({ allowed: true });
    expect(await test('user:alice', 'brief', { timestamp: '2099-01-01T00:00:00Z' })).toMatchObject({
      reason: 'no_matching_rule',
    });
    await admin.deletePolicy({ policyId, force: true });
  });

  it('judges by the address assumed', async () => {
    expect(await test('user:alice', 'env/prod/app/db', { sourceIp: '10.1.2.3' })).toMatchObject({
      allowed: true,
      matched: { policyId: ids.office },
      evaluated: [{ name: 'guard' }, { name: 'sre' }, { name: 'office' }],
    });
    expect(await test('user:alice', 'env/prod/app/db', { sourceIp: '203.0.113.9' })).toMatchObject({
      allowed: false,
      reason: 'condition_failed',
      failedCondition: 'require_mfa',
      matched: { policyId: ids.sre },
    });
  });

  it('finds a mirrored identity by its ScaiKey id too', async () => {
    expect(await test('usr_alice', 'env/staging/app/db', {}, 'list')).toMatchObject({ allowed: true });
  });

  it('judges service accounts as such', async () => {
    expect(await test('sa:deploy', 'env/prod/payments/key')).toMatchObject({
      reason: 'condition_failed',
      failedCondition: 'require_mfa',
    });
  });

  it('names no rule where none matched', async () => {
    const answer = await test('user:alice', 'env/prod', { mfaVerified: true });
    expect(answer).toMatchObject({ allowed: false, reason: 'no_matching_rule' });
    expect(answer.matched).toBeUndefined();
    expect(answer.failedCondition).toBeUndefined();
  });

  it('allows an administrator by role, with no rule to name', async () => {
    const answer = await test('user:root', 'anything');
    expect(answer).toMatchObject({
      allowed: true,
      reason: 'allowed_by_role',
      matched: { policyId: 'builtin:tenant_admin' },
    });
    expect(answer.matched?.ruleIndex).toBeUndefined();
  });

  it('judges an identity that is bound but not mirrored, by its name alone', async () => {
    expect(await test('sa:new', 'young')).toMatchObject({ allowed: true });
    expect(await test('sa:new', 'young', { tokenAge: '1h' })).toMatchObject({ allowed: true });
    expect(await test('sa:new', 'young', { tokenAge: '1h1s' })).toMatchObject({
      allowed: false,
      failedCondition: 'token_max_age',
    });
    expect(await test('sa:new', 'night', { timestamp: '2026-03-01T23:00:00Z' })).toMatchObject({ allowed: true });
    expect(await test('sa:new', 'night', { timestamp: '2026-03-01T12:00:00Z' })).toMatchObject({ allowed: false });
  });

  it('judges an identity bound by a partner policy only', async () => {
    const partner = await started.partnerAdmin('tnt_b');
    const { id: policyId } = await partner.createPolicy({
      name: 'partner wide',
      scope: 'partner',
      rules: rulesOf({ path_pattern: 'wide', permissions: ['read'] }),
    });
    await partner.createBinding({ policyId, identityType: 'service_account', identityId: 'sa:wide' });
    expect(await test('sa:wide', 'wide')).toMatchObject({ allowed: true, matched: { policyName: 'partner wide' } });
  });

  it('refuses an identity that is neither mirrored nor bound here', async () => {
    for (const identityId of ['user:nobody', 'usr_nobody', 'nonsense']) {
      await expect(test(identityId, 'x')).rejects.toMatchObject({ code: 'identity_not_found' });
    }
    const elsewhere = await started.admin('tnt_z');
    for (const identityId of ['user:alice', 'sa:new']) {
      await expect(elsewhere.testPolicies({ identityId, path: 'x', permission: 'read' })).rejects.toMatchObject({
        code: 'identity_not_found',
      });
    }
  });

  it('refuses groups, bad paths, permissions and circumstances', async () => {
    await expect(test('group:sre', 'x')).rejects.toMatchObject({ code: 'validation_error' });
    await expect(test('user:alice', 'Not A Path')).rejects.toMatchObject({ code: 'invalid_path' });
    await expect(test('user:alice', 'x', {}, 'own')).rejects.toMatchObject({ code: 'validation_error' });
    await expect(test('user:alice', 'x', { timestamp: 'now' })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(test('user:alice', 'x', { tokenAge: 'P1D' })).rejects.toMatchObject({ code: 'invalid_duration' });
  });

  it('leaves no audit row', async () => {
    const before = started.vault.journal.outcomes.length;
    await test('user:alice', 'x');
    expect(started.vault.journal.outcomes).toHaveLength(before);
  });
});

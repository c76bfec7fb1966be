import { compileGlob } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { compilePolicies, explain, type PolicyRecord } from '../src/index.ts';
import { alice, boundTo, noon, policy, request, rule } from './fixtures.ts';

const tell = (records: PolicyRecord[], asked = request(), subject = alice) =>
  explain(compilePolicies(records), subject, asked);

describe('explain', () => {
  const other = policy('other', { priority: 1, rules: [rule('x', ['read']), rule('y/**', ['read'])] });

  it('names the rule that allows and the policies tried up to it', () => {
    const rules = [rule('app/*', ['write']), rule('app/*', ['read']), rule('**', ['read'])];
    expect(tell([policy('late', { priority: 500 }), policy('a', { rules }), other])).toEqual({
      allowed: true,
      reason: 'allowed_by_rule',
      matched: { policyId: 'pol_a', policyName: 'a', ruleIndex: 1 },
      failedCondition: null,
      evaluated: [
        { policyId: 'pol_other', name: 'other', rulesConsidered: 2 },
        { policyId: 'pol_a', name: 'a', rulesConsidered: 2 },
      ],
    });
  });

  it('tells of a denial', () => {
    const told = tell([policy('a', { rules: [rule('**', ['admin'], { effect: 'deny' })] })]);
    expect(told).toMatchObject({
      allowed: false,
      reason: 'denied_by_rule',
      matched: { policyName: 'a', ruleIndex: 0 },
    });
  });

  it('tells which condition stood in the way', () => {
    const told = tell([policy('a', { rules: [rule('**', ['read'], { conditions: { token_max_age: '1h' } })] }), other]);
    expect(told).toMatchObject({
      allowed: false,
      reason: 'condition_failed',
      matched: { policyName: 'a', ruleIndex: 0 },
      failedCondition: 'token_max_age',
    });
  });

  it('tells that nothing matched, and leaves out policies whose binding is over', () => {
    const expired = policy('expired', { bindings: [boundTo('user:alice', { expiresAtMs: noon })] });
    expect(tell([expired, other])).toEqual({
      allowed: false,
      reason: 'no_matching_rule',
      matched: null,
      failedCondition: null,
      evaluated: [{ policyId: 'pol_other', name: 'other', rulesConsidered: 2 }],
    });
  });

  it('shows the built-in policy last when the role decides', () => {
    expect(tell([other], request(), { ...alice, isTenantAdmin: true })).toMatchObject({
      allowed: true,
      reason: 'allowed_by_role',
      matched: { policyId: 'builtin:tenant_admin' },
      evaluated: [{ policyId: 'pol_other' }, { policyId: 'builtin:tenant_admin', rulesConsidered: 1 }],
    });
  });

  it('stops at the paths of the token', () => {
    expect(tell([policy('a')], request({ token: { allowedPaths: [compileGlob('z')] } }))).toEqual({
      allowed: false,
      reason: 'condition_failed',
      matched: null,
      failedCondition: 'allowed_paths',
      evaluated: [],
    });
  });
});

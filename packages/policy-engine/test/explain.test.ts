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
        { policyId: 'pol_other', name: 'other', rulesConsidered: 2, boundAs: ['user:alice'], rules: [] },
        {
          policyId: 'pol_a',
          name: 'a',
          rulesConsidered: 2,
          boundAs: ['user:alice'],
          rules: [
            { ruleIndex: 0, outcome: 'other_permission', failedCondition: null },
            { ruleIndex: 1, outcome: 'allowed', failedCondition: null },
          ],
        },
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
      evaluated: [{ policyId: 'pol_other', name: 'other', rulesConsidered: 2, boundAs: ['user:alice'], rules: [] }],
    });
  });

  it('tells which condition of each rule failed, of denials too, and through whom the policy is bound', () => {
    const rules = [
      rule('**', ['read'], { effect: 'deny', conditions: { identity_types: ['service_account'] } }),
      rule('app/*', ['read'], { conditions: { ip_ranges: ['10.0.0.0/8'], require_mfa: true } }),
      rule('elsewhere', ['read']),
    ];
    const bindings = [boundTo('group:sre'), boundTo('user:alice'), boundTo('group:other')];
    expect(tell([policy('a', { rules, bindings })]).evaluated).toMatchObject([
      {
        rulesConsidered: 3,
        boundAs: ['user:alice', 'group:sre'],
        rules: [
          { ruleIndex: 0, outcome: 'condition_failed', failedCondition: 'identity_types' },
          { ruleIndex: 1, outcome: 'condition_failed', failedCondition: 'ip_ranges' },
        ],
      },
    ]);
  });

  it('stays bounded: the first thousand rules about the path, and every policy', () => {
    const rules = Array.from({ length: 100 }, () => rule('**', ['write']));
    const many = Array.from({ length: 12 }, (_, index) => policy(`p${index}`, { rules }));
    const { evaluated } = tell(many);
    expect(evaluated.map(({ rulesConsidered }) => rulesConsidered)).toEqual(Array(12).fill(100));
    expect(evaluated.flatMap((tried) => tried.rules)).toHaveLength(1_000);
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

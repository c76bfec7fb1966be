import { expect, it } from 'vitest';
import { accessOf, type Conditions, compilePolicies, partyKeys, rulesAbout } from '../src/index.ts';
import { alice, boundTo, noon, policy, rule } from './fixtures.ts';

const question = { permission: 'read', path: 'app/db', nowMs: noon } as const;
const group = {
  keys: partyKeys({ identityType: 'group', ...alice.groups[0]! }),
  identityType: null,
  isTenantAdmin: false,
};
const ask = (...records: Parameters<typeof compilePolicies>[0][number][]) =>
  accessOf(rulesAbout(compilePolicies(records), question), group, noon);
const toGroup = { bindings: [boundTo('group:sre', { expiresAtMs: noon + 5 })] };
const mfa = { conditions: { require_mfa: true } } as const;

it('names the rules in the order they are tried, with their conditions and the end of the binding', () => {
  const rules = [rule('app/**', ['read'], { ...mfa, effect: 'deny' }), rule('x', ['read']), rule('**', ['admin'])];
  const told = { policyId: 'pol_a', policyName: 'a', boundUntilMs: noon + 5 };
  expect(ask(policy('a', { rules, ...toGroup }))).toEqual({
    access: 'conditional',
    byRole: false,
    rules: [
      { ...told, ruleIndex: 0, effect: 'deny', conditions: ['require_mfa'] },
      { ...told, ruleIndex: 2, effect: 'allow', conditions: [] },
    ],
  });
});

it('does not guess of what kind the members of a group are', () => {
  const rules = [rule('**', ['read'], { conditions: { identity_types: ['user'] } })];
  expect(ask(policy('a', { rules, ...toGroup }))).toMatchObject({
    access: 'conditional',
    rules: [{ conditions: ['identity_types'] }],
  });
});

it('counts no rule that this version cannot read, unless it denies', () => {
  const odd = { conditions: { geo_fence: ['nl'] } as unknown as Conditions };
  expect(ask(policy('a', { rules: [rule('**', ['read'], odd)], ...toGroup })).access).toBe('never');
  const rules = [rule('**', ['read'], { ...odd, effect: 'deny' }), rule('**', ['read'])];
  expect(ask(policy('a', { rules, ...toGroup })).access).toBe('never');
});

it('knows no binding that is over', () => {
  expect(ask(policy('a', { bindings: [boundTo('group:sre', { expiresAtMs: noon })] })).access).toBe('never');
});

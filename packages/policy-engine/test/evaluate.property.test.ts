import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  builtinTenantAdmin,
  compilePolicies,
  type Decision,
  evaluate,
  explain,
  type PolicyRecord,
  type PolicyRequest,
  type PolicySubject,
  permissions,
  type RuleDocument,
} from '../src/index.ts';
import { request } from './fixtures.ts';
import { naiveEvaluate, type Verdict } from './naive-evaluate.ts';

const verdictOf = (decision: Decision): Verdict => {
  const origin = `${decision.policyName}.${decision.ruleIndex}`;
  if (decision.allowed) return decision.policyId === builtinTenantAdmin ? 'role' : `allow:${origin}`;
  if (decision.reason === 'denied_by_rule') return `deny:${origin}`;
  return decision.reason === 'condition_failed' ? `failed:${decision.failedCondition}@${origin}` : 'none';
};

const now = 1_000_000_000;
const segment = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const pattern = fc
  .array(fc.oneof(segment, fc.constantFrom('*', 'a*', '?', '**', '**')), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/'));
const pin = fc.constantFrom(null, 'id1', 'id2');
const identity = fc.constantFrom('x', 'y');

const rule: fc.Arbitrary<RuleDocument> = fc.record({
  path_pattern: pattern,
  permissions: fc.subarray([...permissions], { minLength: 1, maxLength: 4 }),
  effect: fc.constantFrom('allow', 'deny'),
  conditions: fc.constantFrom<RuleDocument['conditions'][]>(
    null,
    null,
    { require_mfa: true },
    { identity_types: ['user'] },
    { identity_types: ['service_account'], require_mfa: true },
  ),
});

const binding = fc.record({
  identityType: fc.constantFrom('user', 'service_account', 'group'),
  identityId: identity,
  subjectId: pin,
  expiresAtMs: fc.constantFrom(null, null, now - 1, now, now + 1),
});

const records: fc.Arbitrary<PolicyRecord[]> = fc
  .array(
    fc.record({
      priority: fc.integer({ min: -1, max: 1 }),
      createdAtMs: fc.integer({ min: 0, max: 2 }),
      rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
      bindings: fc.array(binding, { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 12, size: 'max' },
  )
  .chain((drafts) =>
    fc
      .shuffledSubarray(
        drafts.map((_draft, index) => `pol_${index}`),
        { minLength: drafts.length },
      )
      .map((ids) =>
        drafts.map((draft, index) => ({ ...draft, id: ids[index] ?? '', name: `p${index}`, scope: 'tenant' as const })),
      ),
  );

const subject: fc.Arbitrary<PolicySubject> = fc.record({
  identityType: fc.constantFrom('user', 'service_account'),
  identityId: identity,
  subjectId: pin,
  groups: fc.array(fc.record({ identityId: identity, subjectId: pin }), { maxLength: 3, size: 'max' }),
  isTenantAdmin: fc.constantFrom(true, false, false, false),
});

const anyRequest: fc.Arbitrary<PolicyRequest> = fc
  .tuple(fc.constantFrom(...permissions), path, fc.constantFrom(null, now, now - 3_600_000))
  .map(([permission, somePath, mfaVerifiedAtMs]) =>
    request({ permission, path: somePath, nowMs: now, token: { mfaVerifiedAtMs } }),
  );

it('decides as the plain reading of the contract does, whichever index it takes', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(records, subject, fc.array(anyRequest, { minLength: 1, maxLength: 5 }), (all, who, asked) => {
      const bundle = compilePolicies(all);
      for (const one of asked) {
        const expected = naiveEvaluate(all, who, one);
        const kind = expected.split(':')[0] ?? '';
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        const decision = evaluate(bundle, who, one);
        expect(verdictOf(decision)).toBe(expected);

        const told = explain(bundle, who, one);
        expect(told.allowed).toBe(decision.allowed);
        expect(told.matched?.policyId ?? null).toBe(decision.policyId);
        expect(told.matched?.ruleIndex ?? null).toBe(decision.ruleIndex);
      }
    }),
    { numRuns: 2_000 },
  );
  // Guards against a generator that only ever draws boring cases.
  for (const kind of ['allow', 'deny', 'failed', 'role', 'none']) expect(seen.get(kind)).toBeGreaterThan(100);
});

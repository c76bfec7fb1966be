import fc from 'fast-check';
import { expect, it } from 'vitest';
import { builtinTenantAdmin, compilePolicies, type Decision, evaluatorFor, explain } from '../src/index.ts';
import { anyPolicies, anyRequests, anySubject } from './arbitraries.ts';
import { corpusLine } from './corpus.ts';
import { naiveEvaluate, type Verdict } from './naive/evaluate.ts';
import { verdictOf } from './verdict-of.ts';

const differs = (decision: Decision, expected: Verdict): boolean =>
  JSON.stringify(verdictOf(decision)) !== JSON.stringify(expected);

it('decides as the plain reading of the contract does in 100,000 cases, whichever index it takes', () => {
  const seen = new Map<string, number>();
  let pairs = 0;
  fc.assert(
    fc.property(anyPolicies, anySubject, anyRequests, (records, subject, requests) => {
      const bundle = compilePolicies(records);
      const judge = evaluatorFor(bundle, subject);
      for (const request of requests) {
        pairs += 1;
        const expected = naiveEvaluate(records, subject, request);
        seen.set(expected.reason, (seen.get(expected.reason) ?? 0) + 1);
        const decision = judge(request);
        if (differs(decision, expected)) {
          const found = corpusLine('say here what went wrong', { records, subject, request, expected });
          throw new Error(`Engine: ${JSON.stringify(verdictOf(decision))}\nAdd to test/corpus/found.jsonl:\n${found}`);
        }
      }
      for (const request of requests.slice(0, 5)) {
        const decision = judge(request);
        const told = explain(bundle, subject, request);
        expect(told.allowed).toBe(decision.allowed);
        expect(told.failedCondition).toBe(decision.allowed ? null : decision.failedCondition);
        expect(told.matched?.policyId ?? null).toBe(decision.policyId);
        expect(told.matched?.ruleIndex ?? null).toBe(decision.ruleIndex);
        expect(told.reason === 'allowed_by_role').toBe(decision.policyId === builtinTenantAdmin);
      }
    }),
    { numRuns: 950 },
  );
  expect(pairs).toBeGreaterThanOrEqual(100_000);
  // Guards against a generator that only ever draws boring cases.
  const kinds = ['allowed_by_rule', 'denied_by_rule', 'condition_failed', 'allowed_by_role', 'no_matching_rule'];
  for (const kind of [...kinds, 'allowed_paths']) expect(seen.get(kind), kind).toBeGreaterThan(1_000);
}, 60_000);

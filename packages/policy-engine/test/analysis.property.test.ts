import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  accessOf,
  compilePolicies,
  evaluatorFor,
  findDeadRules,
  type PolicyRecord,
  type PolicySubject,
  rulesAbout,
  subjectKeys,
} from '../src/index.ts';
import { anyPolicies, anyRequests, anySubject } from './arbitraries.ts';
import { noon } from './fixtures.ts';
import { naiveEvaluate } from './naive/evaluate.ts';

const inOrder = (records: readonly PolicyRecord[]) => compilePolicies(records).policies;

/** The policies of a subject as the service hands them to the analysis. */
const boundTo = (records: readonly PolicyRecord[], subject: PolicySubject, nowMs: number) => {
  const keys = subjectKeys(subject);
  const rulesOf = new Map(records.map(({ id, rules }) => [id, rules]));
  return inOrder(records).flatMap(({ id, name, boundUntilMs }) => {
    const until = Math.max(...keys.map((key) => boundUntilMs.get(key) ?? Number.NEGATIVE_INFINITY));
    return until > nowMs ? [{ id, name, boundUntilMs: until, rules: rulesOf.get(id) ?? [] }] : [];
  });
};

it('names no rule that ever decides: in one policy for whoever is bound, across policies for one identity', () => {
  let found = 0;
  fc.assert(
    fc.property(anyPolicies, anySubject, anyRequests, (records, subject, requests) => {
      // Nothing is ever bound anew here, so what is said of the earliest moment holds for every later one.
      const first = Math.min(...requests.map(({ nowMs }) => nowMs));
      const alone = records.flatMap(
        ({ id, name, rules }) => findDeadRules([{ id, name, rules, boundUntilMs: Number.POSITIVE_INFINITY }]).findings,
      );
      const together = findDeadRules(boundTo(records, subject, first), subject.identityType).findings;
      const dead = new Set([...alone, ...together].map(({ policyId, ruleIndex }) => `${policyId}.${ruleIndex}`));
      found += dead.size;
      for (const request of requests) {
        const { rule, reason } = naiveEvaluate(records, subject, request);
        if (reason.endsWith('_by_rule')) expect(dead.has(rule ?? ''), `${rule} decided`).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
  expect(found).toBeGreaterThan(200);
});

it('says always and never of access only where no circumstances change it', () => {
  const seen = { always: 0, conditional: 0, never: 0 };
  fc.assert(
    fc.property(anyPolicies, anySubject, anyRequests, (records, subject, requests) => {
      const bundle = compilePolicies(records);
      const judge = evaluatorFor(bundle, subject);
      const { identityType, isTenantAdmin } = subject;
      for (const asked of requests) {
        const request = { ...asked, nowMs: noon, token: { ...asked.token, allowedPaths: null } };
        const party = { keys: subjectKeys(subject), identityType, isTenantAdmin };
        const { access } = accessOf(rulesAbout(bundle, request), party, noon);
        seen[access] += 1;
        if (access !== 'conditional') expect(judge(request).allowed).toBe(access === 'always');
      }
    }),
    { numRuns: 150 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(300);
});

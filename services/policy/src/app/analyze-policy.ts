import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import {
  type AnalysedPolicy,
  type DeadRule,
  type DeadRules,
  findDeadRules,
  type PolicySubject,
  type RuleDocument,
  subjectKeys,
} from '@scaivault/policy-engine';
import type { Clock } from '../ports.ts';
import type { FindPolicy } from './find-policy.ts';
import type { PoliciesInForce, ReadPolicies } from './read-policies.ts';
import type { ResolveSubject } from './resolve-subject.ts';

/** The policies bound to a subject, in the order they are tried. */
const boundPolicies = (
  { records, bundle }: PoliciesInForce,
  subject: PolicySubject,
  nowMs: number,
): AnalysedPolicy[] => {
  const keys = subjectKeys(subject);
  const rulesOf = new Map(records.map(({ id, rules }) => [id, rules]));
  return bundle.policies.flatMap(({ id, name, boundUntilMs }) => {
    const until = Math.max(...keys.map((key) => boundUntilMs.get(key) ?? Number.NEGATIVE_INFINITY));
    return until > nowMs ? [{ id, name, rules: rulesOf.get(id) ?? [], boundUntilMs: until }] : [];
  });
};

const concerns =
  (policyId: string) =>
  (finding: DeadRule): boolean =>
    [finding, ...finding.because].some((rule) => rule.policyId === policyId);

const notBound = () => fieldError('identity_id', 'conflict', 'the policy is not active and bound to this identity');

/**
 * Rules that never decide (rest-api-core 6.5): within the policy, for whoever is bound to it; with an identity, across
 * all policies bound to that one as its groups are now. 422 when this policy is not among them.
 */
export const createAnalyzePolicy =
  ({
    find,
    resolveSubject,
    readPolicies,
    nowMicros,
  }: {
    readonly find: FindPolicy;
    readonly resolveSubject: ResolveSubject;
    readonly readPolicies: ReadPolicies;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, identityId: string | undefined): Promise<DeadRules> => {
    const { policy } = await find(caller, policyId);
    if (identityId === undefined) {
      const rules = JSON.parse(policy.rules.json) as RuleDocument[];
      return findDeadRules([{ id: policy.id, name: policy.name, rules, boundUntilMs: Number.POSITIVE_INFINITY }]);
    }
    const subject = await resolveSubject(caller, identityId);
    const policies = boundPolicies(await readPolicies(caller), subject, nowMicros() / 1000);
    if (!policies.some(({ id }) => id === policyId)) throw notBound();
    const { findings, isComplete } = findDeadRules(policies, subject.identityType);
    return { findings: findings.filter(concerns(policyId)), isComplete };
  };

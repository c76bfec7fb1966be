import { subjectKeys } from './binding-key.ts';
import type { PolicyBundle } from './compile-policies.ts';
import type { CompiledPolicy } from './compile-rule.ts';
import { builtinTenantAdmin, type Decision, outsideAllowedPaths } from './decision.ts';
import { isOutsideAllowedPaths, policiesOf } from './evaluate.ts';
import { createJudge, isBound, type Judge } from './judge.ts';
import type { PolicyRequest, PolicySubject } from './policy-request.ts';

export type ExplanationReason =
  | 'allowed_by_rule'
  | 'allowed_by_role'
  | 'denied_by_rule'
  | 'condition_failed'
  | 'no_matching_rule';

export interface TriedPolicy {
  readonly policyId: string;
  readonly name: string;
  /** Rules looked at, the deciding one included. */
  readonly rulesConsidered: number;
}

export interface Explanation {
  readonly allowed: boolean;
  readonly reason: ExplanationReason;
  /** The rule that decided, or whose condition stood in the way; `ruleIndex` is null for the built-in policy. */
  readonly matched: {
    readonly policyId: string;
    readonly policyName: string;
    readonly ruleIndex: number | null;
  } | null;
  readonly failedCondition: string | null;
  readonly evaluated: readonly TriedPolicy[];
}

const reasonOf = (decision: Decision): ExplanationReason => {
  if (decision.allowed) return decision.policyId === builtinTenantAdmin ? 'allowed_by_role' : 'allowed_by_rule';
  // The contract has no word of its own for a token's paths; `failedCondition` names them.
  return decision.reason === 'allowed_paths' ? 'condition_failed' : decision.reason;
};

const describe = (decision: Decision, evaluated: readonly TriedPolicy[]): Explanation => {
  const { policyId, policyName, ruleIndex } = decision;
  return {
    allowed: decision.allowed,
    reason: reasonOf(decision),
    matched: policyId === null || policyName === null ? null : { policyId, policyName, ruleIndex },
    failedCondition: decision.allowed ? null : decision.failedCondition,
    evaluated,
  };
};

const tryPolicy = ({ rules }: CompiledPolicy, judge: Judge): { decision?: Decision; rulesConsidered: number } => {
  for (const [index, rule] of rules.entries()) {
    const decision = judge.consider(rule);
    if (decision !== undefined) return { decision, rulesConsidered: index + 1 };
  }
  return { rulesConsidered: rules.length };
};

/** Judges as `evaluate` does and tells the course of it, for the dry run of rest-api-core 6.4. */
export const explain = (bundle: PolicyBundle, subject: PolicySubject, request: PolicyRequest): Explanation => {
  if (isOutsideAllowedPaths(request)) return describe(outsideAllowedPaths, []);
  const keys = subjectKeys(subject);
  const judge = createJudge(subject, keys, request);
  const evaluated: TriedPolicy[] = [];
  for (const policy of policiesOf(bundle, keys)) {
    if (!isBound(policy, keys, request.nowMs)) continue;
    const { decision, rulesConsidered } = tryPolicy(policy, judge);
    evaluated.push({ policyId: policy.id, name: policy.name, rulesConsidered });
    if (decision !== undefined) return describe(decision, evaluated);
  }
  if (subject.isTenantAdmin) {
    evaluated.push({ policyId: builtinTenantAdmin, name: builtinTenantAdmin, rulesConsidered: 1 });
  }
  return describe(judge.conclude(), evaluated);
};

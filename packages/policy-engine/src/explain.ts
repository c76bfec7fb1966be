import { partyKeys, subjectKeys } from './binding-key.ts';
import type { PolicyBundle } from './compile-policies.ts';
import type { CompiledPolicy, CompiledRule } from './compile-rule.ts';
import { builtinTenantAdmin, type Decision, outsideAllowedPaths } from './decision.ts';
import { isOutsideAllowedPaths, policiesOf } from './evaluate.ts';
import { createJudge, isBound, type Judge } from './judge.ts';
import { permissionBit } from './permission.ts';
import type { PolicyRequest, PolicySubject } from './policy-request.ts';

export type ExplanationReason =
  | 'allowed_by_rule'
  | 'allowed_by_role'
  | 'denied_by_rule'
  | 'condition_failed'
  | 'no_matching_rule';

/** What one rule had to say. */
export interface TriedRule {
  readonly ruleIndex: number;
  /** `other_permission`: it speaks of this path, but not of this permission. */
  readonly outcome: 'allowed' | 'denied' | 'condition_failed' | 'other_permission';
  readonly failedCondition: string | null;
}

export interface TriedPolicy {
  readonly policyId: string;
  readonly name: string;
  /** Rules looked at, the deciding one included. */
  readonly rulesConsidered: number;
  /** The identity itself and those of its groups that the policy is bound to. */
  readonly boundAs: readonly string[];
  /** Of the rules considered those whose pattern matches the path; over all policies the first 1000. */
  readonly rules: readonly TriedRule[];
}

const maxTriedRules = 1_000;

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

const tryRule = (rule: CompiledRule, judge: Judge, { permission, path }: PolicyRequest): TriedRule | undefined => {
  if (!rule.glob.matches(path)) return undefined;
  const told = { ruleIndex: rule.index, failedCondition: null };
  if ((rule.permissionMask & permissionBit(permission)) === 0) return { ...told, outcome: 'other_permission' };
  const failed = judge.failureOf(rule);
  if (failed !== undefined) return { ...told, outcome: 'condition_failed', failedCondition: failed.name };
  return { ...told, outcome: rule.allows ? 'allowed' : 'denied' };
};

/** Shows the judge the rules of a policy until one decides. */
const tryPolicy = ({ rules }: CompiledPolicy, judge: Judge, request: PolicyRequest, room: number) => {
  const tried: TriedRule[] = [];
  for (const [index, rule] of rules.entries()) {
    const told = tried.length < room ? tryRule(rule, judge, request) : undefined;
    if (told !== undefined) tried.push(told);
    const decision = judge.consider(rule);
    if (decision !== undefined) return { decision, rulesConsidered: index + 1, rules: tried };
  }
  return { decision: undefined, rulesConsidered: rules.length, rules: tried };
};

/** Says through which of its own names a subject is bound to a policy. */
const createBoundAs = ({ identityType, identityId, subjectId, groups }: PolicySubject, nowMs: number) => {
  const parties = [
    { identityId, keys: partyKeys({ identityType, identityId, subjectId }) },
    ...groups.map((group) => ({
      identityId: group.identityId,
      keys: partyKeys({ identityType: 'group', ...group }),
    })),
  ];
  return (policy: CompiledPolicy): string[] =>
    parties.filter(({ keys }) => isBound(policy, keys, nowMs)).map((party) => party.identityId);
};

const builtin: TriedPolicy = {
  policyId: builtinTenantAdmin,
  name: builtinTenantAdmin,
  rulesConsidered: 1,
  boundAs: [],
  rules: [{ ruleIndex: 0, outcome: 'allowed', failedCondition: null }],
};

/**
 * Judges as `evaluate` does and tells the whole course of it, for the dry run of rest-api-core 6.4: which policies were
 * tried, through whom they are bound, and what each rule about the path had to say.
 */
export const explain = (bundle: PolicyBundle, subject: PolicySubject, request: PolicyRequest): Explanation => {
  if (isOutsideAllowedPaths(request)) return describe(outsideAllowedPaths, []);
  const keys = subjectKeys(subject);
  const judge = createJudge(subject, keys, request);
  const boundAs = createBoundAs(subject, request.nowMs);
  const evaluated: TriedPolicy[] = [];
  let room = maxTriedRules;
  for (const policy of policiesOf(bundle, keys)) {
    if (!isBound(policy, keys, request.nowMs)) continue;
    const { decision, ...tried } = tryPolicy(policy, judge, request, room);
    room -= tried.rules.length;
    evaluated.push({ policyId: policy.id, name: policy.name, boundAs: boundAs(policy), ...tried });
    if (decision !== undefined) return describe(decision, evaluated);
  }
  if (subject.isTenantAdmin) evaluated.push(builtin);
  return describe(judge.conclude(), evaluated);
};

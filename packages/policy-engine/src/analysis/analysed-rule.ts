import { compileRule } from '../compile-rule.ts';
import { readStoredConditions } from '../conditions/read-conditions.ts';
import type { Conditions, IdentityType, RuleDocument } from '../rule-document.ts';

/** A policy as the analysis takes it: in force for as long as its binding, if it is about one identity. */
export interface AnalysedPolicy {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly RuleDocument[];
  /** When the identity ceases to be bound; infinite when never, and when no identity is asked about. */
  readonly boundUntilMs: number;
}

/** A rule with all that decides whether another one leaves it anything. */
export interface AnalysedRule {
  readonly policy: AnalysedPolicy;
  readonly index: number;
  readonly allows: boolean;
  readonly permissionMask: number;
  readonly pattern: string;
  readonly literalPrefix: string;
  readonly conditions: Conditions;
  /** Why the rule cannot apply to anything, whatever stands in front of it. */
  readonly neverApplies: 'unreadable' | 'other_identity_type' | null;
}

/** Reads a stored rule as the evaluation does, which fails closed on what it does not know (rest-api-core 6.3). */
export const analyseRule = (
  policy: AnalysedPolicy,
  index: number,
  document: RuleDocument,
  identityType: IdentityType | undefined,
): AnalysedRule => {
  const compiled = { id: policy.id, name: policy.name, order: 0, rules: [], boundUntilMs: new Map<string, number>() };
  const { allows, isUnreadable, permissionMask, glob } = compileRule(
    document,
    { order: 0, index, policy: compiled },
    readStoredConditions,
  );
  const rule = { policy, index, allows, permissionMask, pattern: glob.pattern, literalPrefix: glob.literalPrefix };
  if (isUnreadable || permissionMask === 0) return { ...rule, conditions: {}, neverApplies: 'unreadable' };
  // A denial that cannot be read holds without conditions; so does one with a pattern that cannot be read.
  const isReadable =
    !('unreadable' in readStoredConditions(document.conditions)) && glob.pattern === document.path_pattern;
  const { identity_types: types, ...rest } = (isReadable ? document.conditions : null) ?? {};
  if (types === undefined) return { ...rule, conditions: rest, neverApplies: null };
  if (identityType === undefined)
    return { ...rule, conditions: { ...rest, identity_types: types }, neverApplies: null };
  const neverApplies = types.includes(identityType) ? null : 'other_identity_type';
  return { ...rule, conditions: rest, neverApplies };
};

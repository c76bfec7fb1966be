import { parseSourceAddress } from './address.ts';
import type { CompiledPolicy, CompiledRule } from './compile-rule.ts';
import type { Condition, ConditionFacts } from './conditions/condition.ts';
import {
  allowedBy,
  allowedByRole,
  conditionFailed,
  type Decision,
  type Denied,
  deniedBy,
  noMatchingRule,
} from './decision.ts';
import { permissionBit } from './permission.ts';
import type { PolicyRequest, PolicySubject } from './policy-request.ts';

/** Judges one request; shown the rules in order, it keeps what the end of the evaluation needs (rest-api-core 6.5). */
export interface Judge {
  /** The decision when this rule makes one. */
  consider(rule: CompiledRule): Decision | undefined;
  /** The first condition of this rule that the request fails; undefined when all hold. */
  failureOf(rule: CompiledRule): Condition | undefined;
  /** The decision when no rule has made one. */
  conclude(): Decision;
}

/** True when one of these identities is bound to the policy at this time. */
export const isBound = ({ boundUntilMs }: CompiledPolicy, keys: readonly string[], nowMs: number): boolean =>
  keys.some((key) => nowMs < (boundUntilMs.get(key) ?? Number.NEGATIVE_INFINITY));

const factsOf = ({ identityType }: PolicySubject, { nowMs, sourceIp, token }: PolicyRequest): ConditionFacts => {
  let parsed: { readonly address: ReturnType<typeof parseSourceAddress> } | undefined;
  return {
    identityType,
    nowMs,
    issuedAtMs: token.issuedAtMs,
    mfaVerifiedAtMs: token.mfaVerifiedAtMs,
    sourceAddress: () => {
      parsed ??= { address: sourceIp === null ? undefined : parseSourceAddress(sourceIp) };
      return parsed.address;
    },
  };
};

export const createJudge = (subject: PolicySubject, keys: readonly string[], request: PolicyRequest): Judge => {
  const { path, nowMs, isAbsent = false } = request;
  const wanted = permissionBit(request.permission);
  const facts = factsOf(subject, request);
  let remembered: Denied | undefined;
  const failures = new Map<readonly Condition[], Condition | undefined>();
  // Nobody can say of an absent subject what a request would have shown: that stands in the way of what would be allowed,
  // and spares nothing that is denied.
  const failuresOfDenials = isAbsent ? new Map<readonly Condition[], Condition | undefined>() : failures;
  const fails = (condition: Condition, allows: boolean): boolean =>
    isAbsent && condition.isAboutRequest ? allows : !condition.holds(facts);
  const failureOf = ({ conditions, allows }: CompiledRule): Condition | undefined => {
    if (conditions.length === 0) return undefined;
    const known = allows ? failures : failuresOfDenials;
    if (known.has(conditions)) return known.get(conditions);
    const failed = conditions.find((condition) => fails(condition, allows));
    known.set(conditions, failed);
    return failed;
  };

  return {
    consider(rule) {
      // Cheapest first: most rules that are shown at all fall at the mask or the pattern.
      if ((rule.permissionMask & wanted) === 0) return undefined;
      // What has failed fails again, and only the first failure is remembered: thousands of rules may share one condition.
      const isKnownToFail = (rule.allows ? failures : failuresOfDenials).get(rule.conditions) !== undefined;
      if (isKnownToFail && (remembered !== undefined || !rule.allows)) return undefined;
      if (!rule.glob.matches(path)) return undefined;
      if (!isBound(rule.policy, keys, nowMs)) return undefined;
      const failed = failureOf(rule);
      if (failed === undefined) return rule.allows ? allowedBy(rule) : deniedBy(rule);
      // A denial that does not apply is not remembered: lifting its condition would not help the caller.
      if (rule.allows) remembered ??= conditionFailed(rule, failed);
      return undefined;
    },

    failureOf,

    conclude: () => (subject.isTenantAdmin ? allowedByRole : (remembered ?? noMatchingRule)),
  };
};

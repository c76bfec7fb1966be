import type { ErrorCode } from '@scaivault/errors';
import type { Condition } from './conditions/condition.ts';

export interface Allowed {
  readonly allowed: true;
  readonly policyId: string;
  readonly policyName: string;
  /** Null for the built-in policy. */
  readonly ruleIndex: number | null;
}

export interface Denied {
  readonly allowed: false;
  readonly reason: 'denied_by_rule' | 'condition_failed' | 'no_matching_rule' | 'allowed_paths';
  /** What the caller is answered (rest-api-core 1.10). */
  readonly code: ErrorCode;
  readonly failedCondition: string | null;
  /** With `mfa_required`: how old the second factor may be, as the rule says it. */
  readonly mfaMaxAge: string | null;
  /** The policy that denied, or whose condition stood in the way; for the audit row, never for the answer. */
  readonly policyId: string | null;
  readonly policyName: string | null;
  readonly ruleIndex: number | null;
}

export type Decision = Allowed | Denied;

/** The policy that every tenant admin has, tried after all others (rest-api-core 2.4). */
export const builtinTenantAdmin = 'builtin:tenant_admin';

export const allowedByRole: Allowed = Object.freeze({
  allowed: true,
  policyId: builtinTenantAdmin,
  policyName: builtinTenantAdmin,
  ruleIndex: null,
});

export const noMatchingRule: Denied = Object.freeze({
  allowed: false,
  reason: 'no_matching_rule',
  code: 'access_denied',
  failedCondition: null,
  mfaMaxAge: null,
  policyId: null,
  policyName: null,
  ruleIndex: null,
});

export const outsideAllowedPaths: Denied = Object.freeze({
  ...noMatchingRule,
  reason: 'allowed_paths',
  failedCondition: 'allowed_paths',
});

/** The rule a decision speaks of. */
export interface DecidingRule {
  readonly policy: { readonly id: string; readonly name: string };
  readonly index: number;
}

const origin = ({ policy, index }: DecidingRule) => ({
  policyId: policy.id,
  policyName: policy.name,
  ruleIndex: index,
});

export const allowedBy = (rule: DecidingRule): Allowed => ({ allowed: true, ...origin(rule) });

export const deniedBy = (rule: DecidingRule): Denied => ({
  ...noMatchingRule,
  ...origin(rule),
  reason: 'denied_by_rule',
});

export const conditionFailed = (rule: DecidingRule, condition: Condition): Denied => ({
  allowed: false,
  ...origin(rule),
  reason: 'condition_failed',
  code: condition.code,
  failedCondition: condition.name,
  mfaMaxAge: condition.mfaMaxAge,
});

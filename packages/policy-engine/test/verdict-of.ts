import { builtinTenantAdmin, type Decision } from '../src/index.ts';
import type { Verdict } from './naive/evaluate.ts';

/** A decision of the engine in the words of the oracle. */
export const verdictOf = (decision: Decision): Verdict => {
  const { policyId, ruleIndex } = decision;
  const rule = policyId === null || ruleIndex === null ? null : `${policyId}.${ruleIndex}`;
  if (decision.allowed) {
    const reason = policyId === builtinTenantAdmin ? 'allowed_by_role' : 'allowed_by_rule';
    return { allowed: true, reason, rule, code: null, failedCondition: null, mfaMaxAge: null };
  }
  const { reason, code, failedCondition, mfaMaxAge } = decision;
  return { allowed: false, reason, rule, code, failedCondition, mfaMaxAge };
};

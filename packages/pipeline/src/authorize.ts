import { VaultError } from '@scaivault/errors';
import type { Decision, Permission } from '@scaivault/policy-engine';

const messages: Readonly<Record<string, string>> = {
  mfa_required: 'This needs a recent second factor.',
  ip_not_allowed: 'This is not allowed from your address.',
  time_window_violation: 'This is not allowed at this time.',
};

/**
 * The refusal that a decision stands for (rest-api-core 6.5): the code of the failed condition, else `access_denied`.
 * The policy that decided stays out of it.
 */
export const denial = (
  decision: Extract<Decision, { allowed: false }>,
  permission: Permission,
  path: string,
): VaultError =>
  new VaultError(decision.code, messages[decision.code] ?? `You may not ${permission} "${path}".`, {
    details: {
      path,
      permission,
      ...(decision.failedCondition === null ? {} : { failed_condition: decision.failedCondition }),
      ...(decision.mfaMaxAge === null || decision.code !== 'mfa_required' ? {} : { mfa_max_age: decision.mfaMaxAge }),
    },
  });

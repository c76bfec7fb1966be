import { VaultError } from '@scaivault/errors';
import type { Decision, Permission } from '@scaivault/policy-engine';
import type { Metrics } from '@scaivault/runtime';
import type { Caller } from './caller.ts';
import type { NoteViolation } from './violations/open-violations.ts';

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

/** What the caller's policies say of one path. */
export interface Judgement {
  /** The policy that decided. */
  readonly policyId: string | undefined;
  /** 403, unless they grant it. */
  readonly refusal: VaultError | undefined;
}

/** Asks the caller's policies for a permission on a policy path. */
export type Judge = (
  caller: Pick<Caller, 'judge' | 'tenantId' | 'identityId' | 'request'>,
  permission: Permission,
  policyPath: string,
) => Judgement;

export const createJudge =
  ({
    metrics,
    noteViolation,
  }: {
    readonly metrics: Pick<Metrics, 'policyDecisions'>;
    readonly noteViolation: NoteViolation;
  }): Judge =>
  (caller, permission, policyPath) => {
    const decision = caller.judge(permission, policyPath);
    const policyId = decision.policyId ?? undefined;
    if (decision.allowed) return { policyId, refusal: undefined };
    const refusal = denial(decision, permission, policyPath);
    metrics.policyDecisions.inc({ result: refusal.code });
    const { code: errorCode, failedCondition } = decision;
    noteViolation({ caller, policyPath, permission, errorCode, failedCondition });
    return { policyId, refusal };
  };

/** Permissions that leave everything as it is. */
const reading: ReadonlySet<Permission> = new Set(['read', 'list']);

/**
 * What all tenants of a partner share is changed by the partner's administrators alone, whatever the policies of one
 * tenant say: 403 `forbidden` (rest-api-core 3.2, 15). A partner_admin acts nowhere but below the own partner, so the role
 * says which partner it is of.
 */
export const refusalByRole = (
  { objectScope, roles }: Pick<Caller, 'objectScope' | 'roles'>,
  permission: Permission,
): VaultError | undefined => {
  if (objectScope.kind === 'tenant' || reading.has(permission)) return undefined;
  if (roles.has('partner_admin') || roles.has('super_admin')) return undefined;
  return new VaultError('forbidden', 'Objects of a partner are changed by its administrators.', {
    details: { reason: 'partner_admin_required' },
  });
};

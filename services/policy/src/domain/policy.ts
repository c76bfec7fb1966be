/** Whose a policy is; a partner's holds in every tenant of the partner. */
export type PolicyScope = 'tenant' | 'partner';

/** The rules as checked JSON text, in the order they are tried. */
export interface RuleList {
  readonly json: string;
  readonly count: number;
}

/** What a client may change. */
export interface PolicyFields {
  readonly name: string;
  readonly description: string | null;
  /** Lower is asked first. */
  readonly priority: number;
  readonly rules: RuleList;
  /** False: not evaluated. */
  readonly isActive: boolean;
}

export interface Policy extends PolicyFields {
  readonly id: string;
  readonly scope: PolicyScope;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
}

/** A policy as lists show it. */
export interface PolicySummary extends Omit<Policy, 'rules'> {
  readonly ruleCount: number;
  /** Live ones only. */
  readonly bindingCount: number;
}

/** Defaults of rest-api-core 6.1. */
export const policyDefaults = { scope: 'tenant', priority: 100, isActive: true } as const;

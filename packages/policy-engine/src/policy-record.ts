import type { RuleDocument } from './rule-document.ts';

export interface BindingRecord {
  readonly identityType: 'user' | 'service_account' | 'group';
  /** The string that was bound, e.g. `group:sre`. */
  readonly identityId: string;
  /** The ScaiKey id behind it once it is pinned; from then on it alone decides (rest-api-core 6.4). */
  readonly subjectId: string | null;
  readonly expiresAtMs: number | null;
}

/** An active policy as stored; its rules may hold what this version does not know. */
export interface PolicyRecord {
  readonly id: string;
  readonly name: string;
  readonly scope: 'tenant' | 'partner';
  /** Lower is tried first. */
  readonly priority: number;
  readonly createdAtMs: number;
  readonly rules: readonly RuleDocument[];
  readonly bindings: readonly BindingRecord[];
}

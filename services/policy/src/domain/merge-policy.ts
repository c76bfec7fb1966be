import { fieldError } from '@scaivault/errors';
import { type Policy, type PolicyFields, type PolicyScope, policyDefaults, type RuleList } from './policy.ts';

/** A merge patch (RFC 7396): undefined keeps, a name among `nulls` clears. */
export interface PolicyPatch {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly scope: PolicyScope | undefined;
  readonly priority: number | undefined;
  readonly rules: RuleList | undefined;
  readonly isActive: boolean | undefined;
  /** Names as the contract writes them, `is_active`. */
  readonly nulls: readonly string[];
}

const clearable = new Set(['description', 'scope', 'priority', 'is_active']);
const required = new Set(['name', 'rules']);

/** 422 for a null that no field takes: required fields cannot be cleared, unknown ones must not pass unnoticed. */
export const checkNulls = (nulls: readonly string[]): void => {
  for (const field of nulls) {
    if (required.has(field)) throw fieldError(field, 'required', 'cannot be null');
    if (!clearable.has(field)) throw fieldError(field.slice(0, 64), 'unknown', 'is not known');
  }
};

/** 422 when a scope is given that is not the policy's own: it is fixed after creation (rest-api-core 6.1, 15). */
export const keepScope = (current: PolicyScope, given: PolicyScope | undefined): void => {
  if (given !== undefined && given !== current) {
    throw fieldError('scope', 'conflict', `is ${current} and cannot be changed`);
  }
};

/** The fields after the patch; what is cleared goes back to its default. */
export const mergePolicy = (current: Policy, patch: PolicyPatch): PolicyFields => {
  const cleared = new Set(patch.nulls);
  keepScope(current.scope, cleared.has('scope') ? policyDefaults.scope : patch.scope);
  return {
    name: patch.name ?? current.name,
    description: cleared.has('description') ? null : (patch.description ?? current.description),
    priority: cleared.has('priority') ? policyDefaults.priority : (patch.priority ?? current.priority),
    rules: patch.rules ?? current.rules,
    isActive: cleared.has('is_active') ? policyDefaults.isActive : (patch.isActive ?? current.isActive),
  };
};

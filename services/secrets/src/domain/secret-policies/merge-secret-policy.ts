import { fieldError } from '@scaivault/errors';
import type { PolicyField } from './policy-fields.ts';
import { type SecretPolicyContent, secretPolicyDefaults } from './secret-policy.ts';

/** A merge patch (RFC 7396): undefined keeps, a name among `nulls` clears. */
export interface SecretPolicyPatch {
  readonly name: string | undefined;
  readonly policyType: string | undefined;
  readonly description: string | undefined;
  /** In the place of the present ones, all of them. */
  readonly fields: readonly PolicyField[] | undefined;
  readonly isActive: boolean | undefined;
  /** Names as the contract writes them, `is_active`. */
  readonly nulls: readonly string[];
}

const clearable = new Set(['policy_type', 'description', 'is_active']);
const required = new Set(['name', 'fields']);

/** 422 for a null that no field takes: required fields cannot be cleared, unknown ones must not pass unnoticed. */
export const checkNulls = (nulls: readonly string[]): void => {
  for (const field of nulls) {
    if (required.has(field)) throw fieldError(field, 'required', 'cannot be null');
    if (!clearable.has(field)) throw fieldError(field, 'unknown', 'is not known');
  }
};

/** The content after the patch; what is cleared goes back to its default. */
export const mergeSecretPolicy = (current: SecretPolicyContent, patch: SecretPolicyPatch): SecretPolicyContent => {
  const merge = <Value>(field: string, given: Value | undefined, present: Value, cleared: Value): Value =>
    patch.nulls.includes(field) ? cleared : (given ?? present);
  return {
    name: patch.name ?? current.name,
    policyType: merge('policy_type', patch.policyType, current.policyType, secretPolicyDefaults.policyType),
    description: merge('description', patch.description, current.description, null),
    fields: patch.fields ?? current.fields,
    isActive: merge('is_active', patch.isActive, current.isActive, secretPolicyDefaults.isActive),
  };
};

import type { Caller, Once } from '@scaivault/pipeline';
import { newId, scopeId } from '@scaivault/tenancy';
import type { FieldInput } from '../../domain/generators/parse-recipe.ts';
import { readFields } from '../../domain/secret-policies/policy-fields.ts';
import { type SecretPolicy, secretPolicyDefaults } from '../../domain/secret-policies/secret-policy.ts';
import type { SecretPolicyStore } from '../../ports.ts';
import type { Clock } from '../clock.ts';

/** A secret policy as a client writes it; undefined: the default. */
export interface SecretPolicyInput {
  readonly name: string;
  readonly policyType: string | undefined;
  readonly description: string | undefined;
  readonly fields: readonly FieldInput[];
  readonly isActive: boolean | undefined;
}

/** 422 and 400 `invalid_config` for its fields, 409 `name_conflict`. */
export const createCreateSecretPolicy =
  ({ policies, clock }: { readonly policies: Pick<SecretPolicyStore, 'insert'>; readonly clock: Clock }) =>
  async ({ scope }: Pick<Caller, 'scope'>, input: SecretPolicyInput, once?: Once): Promise<SecretPolicy> => {
    const createdAtMicros = clock();
    const policy: SecretPolicy = {
      id: newId('sp'),
      name: input.name,
      policyType: input.policyType ?? secretPolicyDefaults.policyType,
      description: input.description ?? null,
      fields: readFields(input.fields),
      isActive: input.isActive ?? secretPolicyDefaults.isActive,
      createdAtMicros,
      updatedAtMicros: createdAtMicros,
    };
    await policies.insert(scopeId(scope), policy, once);
    return policy;
  };

export type CreateSecretPolicy = ReturnType<typeof createCreateSecretPolicy>;

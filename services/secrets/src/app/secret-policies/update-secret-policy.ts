import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { FieldInput } from '../../domain/generators/parse-recipe.ts';
import {
  checkNulls,
  mergeSecretPolicy,
  type SecretPolicyPatch,
} from '../../domain/secret-policies/merge-secret-policy.ts';
import { readFields } from '../../domain/secret-policies/policy-fields.ts';
import { secretPolicyNotFound } from '../../domain/secret-policies/refusals.ts';
import type { SecretPolicy } from '../../domain/secret-policies/secret-policy.ts';
import type { SecretPolicyStore } from '../../ports.ts';
import type { Clock } from '../clock.ts';

/** `fields` as they were sent; undefined keeps the present ones. */
export type SecretPolicyChange = Omit<SecretPolicyPatch, 'fields'> & {
  readonly fields: readonly FieldInput[] | undefined;
};

/** Merges (rest-api-core 1.1, 5). 404, 409 `name_conflict`, and as creation for the fields. */
export const createUpdateSecretPolicy =
  ({ policies, clock }: { readonly policies: Pick<SecretPolicyStore, 'change'>; readonly clock: Clock }) =>
  async ({ scope }: Pick<Caller, 'scope'>, id: string, change: SecretPolicyChange): Promise<SecretPolicy> => {
    checkNulls(change.nulls);
    const fields = change.fields === undefined ? undefined : readFields(change.fields);
    const changed = await policies.change(scopeId(scope), id, (current) => ({
      ...current,
      ...mergeSecretPolicy(current, { ...change, fields }),
      updatedAtMicros: clock(),
    }));
    if (changed === undefined) throw secretPolicyNotFound();
    return changed;
  };

export type UpdateSecretPolicy = ReturnType<typeof createUpdateSecretPolicy>;

import type { SecretPoliciesService } from '@scaivault/contracts/secrets/v1/secret_policies';
import type { InputChecks } from '@scaivault/runtime';
import { parseRecipe } from '../domain/generators/parse-recipe.ts';
import { checkNulls } from '../domain/secret-policies/merge-secret-policy.ts';

/** Configs are raw JSON to the contract, so whether they are sound is for this service to say, before it does anything. */
export const secretPolicyInputChecks: InputChecks<typeof SecretPoliciesService> = {
  createSecretPolicy: ({ fields }) => {
    parseRecipe(fields);
  },
  updateSecretPolicy: ({ fields, nulls }) => {
    checkNulls(nulls);
    if (fields.length > 0) parseRecipe(fields);
  },
  previewFields: ({ fields }) => {
    parseRecipe(fields);
  },
};

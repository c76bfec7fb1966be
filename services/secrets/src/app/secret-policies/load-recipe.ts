import type { ScopeId } from '@scaivault/tenancy';
import type { Recipe } from '../../domain/generators/recipe.ts';
import { recipeOf } from '../../domain/secret-policies/policy-fields.ts';
import { secretPolicyInactive } from '../../domain/secret-policies/refusals.ts';
import type { FindSecretPolicy } from './find-secret-policy.ts';

/**
 * What values are drawn by; read anew each time, so that a change is in force from the next value on (rest-api-core 5).
 * 404 `secret_policy_not_found`, 400 `invalid_config` for an inactive policy.
 */
export type LoadRecipe = (owner: ScopeId, id: string) => Promise<Recipe>;

export const createLoadRecipe =
  ({ find }: { readonly find: FindSecretPolicy }): LoadRecipe =>
  async (owner, id) => {
    const { fields, isActive } = await find(owner, id);
    if (!isActive) throw secretPolicyInactive();
    return recipeOf(fields);
  };

import type { ScopeId } from '@scaivault/tenancy';
import type { GenerateInTurn } from './secret-policies/generate-in-turn.ts';
import type { LoadRecipe } from './secret-policies/load-recipe.ts';

/**
 * The value of a new version by a secret policy of that tenant, JSON text of an object. May take seconds, so never inside
 * a transaction. 404 `secret_policy_not_found`, 400 `invalid_config` for an inactive policy.
 */
export type GenerateValue = (owner: ScopeId, secretPolicyId: string) => Promise<Uint8Array>;

export const createGenerateValue =
  ({
    loadRecipe,
    generateInTurn,
  }: {
    readonly loadRecipe: LoadRecipe;
    readonly generateInTurn: GenerateInTurn;
  }): GenerateValue =>
  async (owner, secretPolicyId) => {
    const recipe = await loadRecipe(owner, secretPolicyId);
    return Buffer.from(JSON.stringify(await generateInTurn(owner, recipe)));
  };

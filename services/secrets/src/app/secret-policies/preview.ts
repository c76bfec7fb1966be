import type { Caller } from '@scaivault/pipeline';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import { entropyBits } from '../../domain/generators/entropy-bits.ts';
import { type FieldInput, parseRecipe } from '../../domain/generators/parse-recipe.ts';
import type { Recipe } from '../../domain/generators/recipe.ts';
import type { GenerateInTurn } from './generate-in-turn.ts';
import type { LoadRecipe } from './load-recipe.ts';

/** Samples as they would land in `data`, for the answer alone, and how hard each field is to guess. */
export interface Preview {
  readonly samples: readonly Readonly<Record<string, string>>[];
  readonly entropyBits: Readonly<Record<string, number>>;
}

interface Wanted {
  readonly count: number;
  /** Aborted when nobody waits for the samples any more. */
  readonly signal: AbortSignal;
}

interface Dependencies {
  readonly generateInTurn: GenerateInTurn;
}

const preview = async (
  { generateInTurn }: Dependencies,
  owner: ScopeId,
  recipe: Recipe,
  { count, signal }: Wanted,
): Promise<Preview> => {
  const samples: Record<string, string>[] = [];
  while (samples.length < count) samples.push(await generateInTurn(owner, recipe, signal));
  return { samples, entropyBits: entropyBits(recipe) };
};

/** By a stored policy; an inactive one generates nothing, samples neither (rest-api-core 5). */
export const createPreviewSecretPolicy =
  ({ loadRecipe, ...dependencies }: Dependencies & { readonly loadRecipe: LoadRecipe }) =>
  async ({ scope }: Pick<Caller, 'scope'>, id: string, wanted: Wanted): Promise<Preview> => {
    const owner = scopeId(scope);
    return await preview(dependencies, owner, await loadRecipe(owner, id), wanted);
  };

/** By fields that are stored nowhere. */
export const createPreviewFields =
  (dependencies: Dependencies) =>
  async ({ scope }: Pick<Caller, 'scope'>, fields: readonly FieldInput[], wanted: Wanted): Promise<Preview> =>
    await preview(dependencies, scopeId(scope), parseRecipe(fields), wanted);

export type PreviewSecretPolicy = ReturnType<typeof createPreviewSecretPolicy>;
export type PreviewFields = ReturnType<typeof createPreviewFields>;

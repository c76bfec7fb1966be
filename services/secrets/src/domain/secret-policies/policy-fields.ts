import { type FieldInput, parseRecipe } from '../generators/parse-recipe.ts';
import type { Recipe } from '../generators/recipe.ts';

/** A field of a secret policy, judged sound when it was written. */
export interface PolicyField {
  readonly name: string;
  readonly generator: string;
  /** JSON text of an object, without the defaults. */
  readonly config: string;
}

/** The fields of a request; 422 for a wrong shape, 400 `invalid_config` for an unsound generator (rest-api-core 15). */
export const readFields = (sent: readonly FieldInput[]): readonly PolicyField[] =>
  parseRecipe(sent).map(({ name, kind, configText }) => ({ name, generator: kind, config: configText }));

/** What a policy's values are drawn by. */
export const recipeOf = (fields: readonly PolicyField[]): Recipe =>
  parseRecipe(fields.map(({ config, ...field }) => ({ ...field, config: Buffer.from(config) })));

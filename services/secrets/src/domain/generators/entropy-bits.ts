import type { Recipe } from './recipe.ts';

/** How hard each field's value is to guess, in bits; public halves and hashes have none of their own. */
export const entropyBits = (recipe: Recipe): Record<string, number> =>
  Object.fromEntries(recipe.map(({ name, generator }) => [name, generator.entropyBits]));

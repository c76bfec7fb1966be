import type { Entry } from './generator.ts';
import type { Recipe } from './recipe.ts';
import type { Sources } from './sources.ts';

/**
 * A new value of every field, as it lands in `data`, in the order of the fields. One field after another: a recipe of
 * key pairs and hashes takes seconds, and must not hold more than one thread of the pool.
 */
export const generate = async (recipe: Recipe, sources: Sources): Promise<Record<string, string>> => {
  const entries: Entry[] = [];
  for (const { generator } of recipe) entries.push(...(await generator.generate(sources)));
  return Object.fromEntries(entries);
};

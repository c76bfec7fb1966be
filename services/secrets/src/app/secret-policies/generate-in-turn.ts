import type { ScopeId } from '@scaivault/tenancy';
import { generate } from '../../domain/generators/generate.ts';
import type { Recipe } from '../../domain/generators/recipe.ts';
import type { Sources } from '../../domain/generators/sources.ts';
import type { InTurn } from '../turns.ts';

/** A new value by a recipe, as it lands in `data`; not begun any more when `signal` is aborted before its turn. */
export type GenerateInTurn = (owner: ScopeId, recipe: Recipe, signal?: AbortSignal) => Promise<Record<string, string>>;

/**
 * Makes one value of a tenant after another. Key pairs and hashes keep a thread of the pool busy for seconds each, and
 * there are four of them for all tenants and for the audit journal.
 */
export const createGenerateInTurn =
  ({ sources, inTurn }: { readonly sources: Sources; readonly inTurn: InTurn }): GenerateInTurn =>
  (owner, recipe, signal) =>
    inTurn(owner, async () => {
      signal?.throwIfAborted();
      return await generate(recipe, sources);
    });

import type { Generator } from './generator.ts';
import type { GeneratorName } from './generator-kinds.ts';

/** A field of a secret policy, checked and ready to draw. */
export interface RecipeField {
  readonly name: string;
  readonly kind: GeneratorName;
  /** Compact JSON text of the config as it was sent, without defaults; at most 25 KiB. */
  readonly configText: string;
  readonly generator: Generator;
}

/** All fields of a secret policy (rest-api-core 5), in the order in which they are written. Holds no secret. */
export type Recipe = readonly RecipeField[];

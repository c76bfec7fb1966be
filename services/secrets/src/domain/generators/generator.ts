import type { ConfigReader } from './config-reader.ts';
import type { Sources } from './sources.ts';

/** A member of `data`. Pairs, since assigning to an object would not make a member called `__proto__`. */
export type Entry = readonly [name: string, text: string];

/** A generator with its config read and judged. */
export interface Generator {
  /** Base-2 logarithm of the work that guessing takes: of the number of equally likely values, or of breaking the key. */
  readonly entropyBits: number;
  /** The field's own value first. What comes back is secret. */
  generate(sources: Sources): Promise<readonly Entry[]>;
}

/** One row of the generator table (rest-api-core 5). */
export interface GeneratorKind {
  /** What its config may have. */
  readonly members: readonly string[];
  /** The generator of the field called `name`; 422 or 400 for a config that is not in order. */
  read(config: ConfigReader, name: string): Generator;
}

import type { LoadPart } from './scenarios/load-scenario.ts';
import type { Sample, Target } from './target.ts';

/** One target of one part, with what its rounds have brought. */
export interface Course {
  readonly part: LoadPart;
  readonly target: Target;
  readonly samples: Sample[];
}

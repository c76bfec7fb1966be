import { join } from 'node:path';
import { type Script, startScript } from '@scaivault/measure/script';
import type { BareQuestion } from './bare-statements.ts';

export type { BareStatement } from './bare-statements.ts';

/** A process that asks PostgreSQL through the driver alone; it has to be told `open` before it can `load`. */
export const startBareStatements = (): Script<BareQuestion> =>
  startScript(join(import.meta.dirname, 'bare-statements.ts'));

import type { Findings } from './findings.ts';
import type { Options } from './options.ts';
import { runLoad } from './run-load.ts';
import { batch } from './scenarios/batch.ts';
import { runColdStart } from './scenarios/cold-start.ts';
import { denied } from './scenarios/denied.ts';
import { list } from './scenarios/list.ts';
import type { LoadScenario } from './scenarios/load-scenario.ts';
import { runMemory } from './scenarios/memory.ts';
import { mixed } from './scenarios/mixed.ts';
import { read } from './scenarios/read.ts';
import { write } from './scenarios/write.ts';

/** What the ledger has a page for. */
export interface Scenario {
  readonly about: string;
  /** What it takes with the options as they are, the seed aside. */
  readonly minutes: number;
  run(options: Options): Promise<Findings>;
}

const load = (scenario: LoadScenario, minutes: number): Scenario => ({
  about: scenario.about,
  minutes,
  run: (options) => runLoad(scenario, options),
});

export const scenarios: Readonly<Record<string, Scenario>> = {
  read: load(read, 7),
  write: load(write, 4),
  batch: load(batch, 7),
  list: load(list, 4),
  mixed: load(mixed, 4),
  denied: load(denied, 4),
  'cold-start': {
    about: 'from the start to the first answer, on existing data and from nothing',
    minutes: 2,
    run: runColdStart,
  },
  memory: { about: 'when idle, and after a million reads', minutes: 15, run: runMemory },
};

import { relative } from 'node:path';
import { judgeGoals } from '@scaivault/measure/ledger/goal';
import type { Ledger } from '@scaivault/measure/ledger/ledger';
import { writeLedger } from '@scaivault/measure/ledger/ledger-file';
import { showFigures } from '@scaivault/measure/ledger/show-figures';
import { showVerdict } from '@scaivault/measure/ledger/show-verdict';
import { watchSurroundings } from '@scaivault/measure/ledger/surroundings';
import { goals } from './goals.ts';
import type { Options } from './options.ts';
import { places } from './places.ts';
import { scenarios } from './scenarios.ts';
import { settingsOf } from './settings.ts';

const say = (text: string): void => void process.stdout.write(text);

/** Prints what was measured and whether it was measured honestly; false when not. */
const show = ({ scenario, figures, certificates, verdicts, surroundings, seconds }: Ledger): boolean => {
  const { commit, isCommitted, node, processor, cores, memoryGb, load } = surroundings;
  say(
    `\n${scenario}: ${commit.slice(0, 10)}${isCommitted ? '' : ' with changes'}, Node ${node}, ${cores} × ${processor}, `,
  );
  say(`${memoryGb} GB, load average ${load.join(' to ')}, ${seconds} s\n${showFigures(figures)}\n`);
  for (const verdict of verdicts) say(showVerdict(verdict));
  let holds = true;
  for (const { target, of, answered, rows } of certificates) {
    if (rows !== answered) holds = false;
    say(`${rows === answered ? '  ' : 'NOT AUDITED  '}${target}: ${rows} audit rows for ${answered} answers (${of})\n`);
  }
  return holds;
};

/** Runs a scenario, shows it and writes it down; false when answers were not audited. */
export const runScenario = async (name: string, options: Options): Promise<boolean> => {
  const { [name]: scenario } = scenarios;
  if (scenario === undefined) throw new Error(`There is no scenario ${name}.`);
  const startedAt = new Date().toISOString();
  const startedAtMs = performance.now();
  const surroundings = watchSurroundings();
  const { figures, certificates } = await scenario.run(options);
  const { shapes, settings: _settings, ...counts } = options;
  const place = surroundings();
  const ledger: Ledger = {
    format: 1,
    scenario: name,
    startedAt,
    seconds: Math.round((performance.now() - startedAtMs) / 1000),
    surroundings: place,
    options: { ...counts, shapes: shapes.map((shape) => shape.name) },
    settings: settingsOf(options),
    figures,
    certificates,
    verdicts: judgeGoals(
      goals.filter((goal) => goal.scenario === name),
      figures,
      place.cores,
    ),
  };
  const holds = show(ledger);
  say(`\nwritten to ${relative(process.cwd(), await writeLedger(places.ledgers, ledger))}\n`);
  return holds;
};

import { runSeal } from '@scaivault/audit-writer/bench';
import { runPolicy } from '@scaivault/policy-engine/bench';
import { runAudit } from './audit.ts';
import { runAuthority } from './authority/run-authority.ts';
import { runCompare } from './ledger/compare.ts';
import { removeLeftFolders } from './ledger/make-folder.ts';
import { optionsHelp, readOptions } from './ledger/options.ts';
import { runScenario } from './ledger/run-scenario.ts';
import { scenarios } from './ledger/scenarios.ts';
import { ensureSeed } from './ledger/seed.ts';
import { runPoll } from './poll.ts';
import { runScale } from './scale.ts';

/** Questions of one part of the system, with tables of their own. */
const questions: Readonly<Record<string, readonly [about: string, run: () => Promise<void>]>> = {
  audit: ['queries of the audit log, among ten million records and among few', runAudit],
  authority: ['what a change of authority costs, and whether it binds the next request', runAuthority],
  policy: ['one decision among 10,000 policies', runPolicy],
  poll: ['ten thousand polls that wait in one process', runPoll],
  scale: ['the same calls among a thousand secrets and among a million', runScale],
  seal: ['records stored a second, sealed and not', runSeal],
};

const entry = (name: string, about: string): string => `  ${name.padEnd(12)} ${about}\n`;

const help = (): string =>
  [
    'pnpm bench NAME [options]     measures and writes it down; services/all-in-one/bench/README.md says how to read it\n\n',
    ...Object.entries(scenarios).map(([name, { about, minutes }]) => entry(name, `${about} (${minutes} min)`)),
    entry('all', 'all of those, one after the other (with --quick about 5 min)'),
    entry('seed', 'nothing; only writes the secrets that the others begin with, where they are not there yet'),
    entry('compare A B', 'two runs, by name or path: what became better, worse, or is within the noise'),
    `\nOptions of those:\n${optionsHelp}\nQuestions of one part:\n\n`,
    ...Object.entries(questions).map(([name, [about]]) => entry(name, about)),
  ].join('');

const run = async (name: string, words: readonly string[]): Promise<boolean> => {
  const { [name]: question } = questions;
  if (question !== undefined) await question[1]();
  else if (name === 'compare') await runCompare(words);
  else if (name === 'seed') await ensureSeed(readOptions(words).secrets);
  else if (name === 'all' || name in scenarios) {
    const options = readOptions(words);
    await removeLeftFolders();
    const names = name === 'all' ? Object.keys(scenarios) : [name];
    let holds = true;
    for (const each of names) holds = (await runScenario(each, options)) && holds;
    if (!holds) process.stderr.write('Not every answer has left its audit row.\n');
    return holds;
  } else {
    process.stderr.write(`There is no scenario ${name}.\n\n${help()}`);
    return false;
  }
  return true;
};

const [name, ...words] = process.argv.slice(2);
if (name === undefined) process.stdout.write(help());
else {
  try {
    if (!(await run(name, words))) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLedger } from '@scaivault/measure/ledger/ledger-file';
import { showDifference } from '@scaivault/measure/ledger/show-difference';
import { places } from './places.ts';

/** By its path, or by its name in the folder of the ledgers, with or without its end. */
const find = (name: string): string => {
  const tries = [name, join(places.ledgers, name), join(places.ledgers, `${name}.json`)];
  const path = tries.find((each) => existsSync(each));
  if (path === undefined) throw new Error(`There is no ledger ${name}.`);
  return path;
};

/** `pnpm bench compare A B`: what became of each figure from the one run to the other. */
export const runCompare = async ([before, after, ...more]: readonly string[]): Promise<void> => {
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error('Two runs can be compared: pnpm bench compare A B.');
  const [first, second] = [await readLedger(find(before)), await readLedger(find(after))];
  if (first.scenario !== second.scenario)
    throw new Error(`One is of ${first.scenario}, the other of ${second.scenario}.`);
  process.stdout.write(showDifference(first, second));
};

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ledger } from './ledger.ts';

/** Writes it to `<folder>/<time>-<scenario>.json`; gives that path. */
export const writeLedger = async (folder: string, ledger: Ledger): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const time = ledger.startedAt.slice(0, 19).replaceAll(':', '-');
  const path = join(folder, `${time}-${ledger.scenario}.json`);
  await writeFile(path, `${JSON.stringify(ledger, null, 2)}\n`);
  return path;
};

/** Reads what `writeLedger` wrote; an Error that says what is wrong with the file. */
export const readLedger = async (path: string): Promise<Ledger> => {
  const text = await readFile(path, 'utf8');
  const ledger = JSON.parse(text) as Partial<Ledger> | null;
  if (ledger?.format !== 1 || !Array.isArray(ledger.figures)) throw new Error(`${path} is no ledger of this format.`);
  return ledger as Ledger;
};

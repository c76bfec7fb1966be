import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JournalAlarm } from '../../src/journal/alarm.ts';
import { type Journal, type JournalOptions, openJournal } from '../../src/journal/journal.ts';

export const bytesOf = (text: string): Buffer => Buffer.from(text);
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** What the tests' `abandon` makes of an intent's payload. */
export const unknownOf = (intent: string): string => `unknown(${intent})`;

export const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

export interface TestJournal extends Journal {
  readonly alarms: JournalAlarm[];
  /** The alarms of one kind so far. */
  alarmsOf(kind: JournalAlarm['kind']): JournalAlarm[];
}

export const openTestJournal = async (
  directory: string,
  options: Partial<JournalOptions> = {},
): Promise<TestJournal> => {
  const alarms: JournalAlarm[] = [];
  const journal = await openJournal({
    directory,
    fsync: 'off',
    nowMs: Date.now,
    onAlarm: (alarm) => alarms.push(alarm),
    abandon: (intent) => bytesOf(unknownOf(textOf(intent))),
    ...options,
  });
  onTestFinished(() => journal.close());
  return { ...journal, alarms, alarmsOf: (kind) => alarms.filter((alarm) => alarm.kind === kind) };
};

/** Ships everything there is; answers the payloads as text, in order. */
export const shipAll = async (journal: Journal): Promise<string[]> => {
  const shipped: string[] = [];
  const shipper = journal.ship(
    async (records) => {
      shipped.push(...records.map(textOf));
    },
    { batchRecords: 100, batchBytes: 1024 * 1024 },
  );
  await shipper.drained();
  await shipper.stop();
  return shipped;
};

/** One request: its intent, then its outcome. */
export const request = async (journal: Journal, id: string, payload = `outcome of ${id}`): Promise<void> => {
  await journal.intent(id, bytesOf(`intent of ${id}`));
  await journal.outcome(id, bytesOf(payload));
};

export const filesIn = (directory: string, ending: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(directory, name));

import { expect, test } from 'vitest';
import { makeDirectory, openTestJournal, shipAll, unknownOf } from './open-test-journal.ts';
import { startChild } from './start-child.ts';

const idsOf = (lines: readonly string[], word: string): Set<string> =>
  new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)));

test.each(['off', 'group', 'always'])(
  'kill -9 under load loses no answered outcome and no begun request (fsync %s)',
  async (fsync) => {
    const directory = makeDirectory();
    const child = startChild('load-child.ts', directory, fsync);
    await child.waitFor((lines) => lines.length > 3000);
    await child.kill();
    const answered = idsOf(child.lines, 'answered');
    const begun = idsOf(child.lines, 'begun');
    expect(answered.size).toBeGreaterThan(100);

    const journal = await openTestJournal(directory);
    const shipped = await shipAll(journal);
    const outcomes = new Set(shipped);
    for (const id of answered) expect(outcomes).toContain(`outcome of ${id}`);
    for (const id of begun) {
      expect(outcomes.has(`outcome of ${id}`) || outcomes.has(unknownOf(`intent of ${id}`)), id).toBe(true);
    }
    const ids = shipped.map((text) => text.replace(/^.*of (\w+)\)?$/, '$1'));
    expect(new Set(ids).size).toBe(shipped.length);
    expect(outcomes).toContain(unknownOf('intent of log_stuck'));
  },
);

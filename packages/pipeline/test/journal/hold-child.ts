/** Opens the journal of a directory and holds it until killed; prints `open` or the refusal's code. */
import { writeSync } from 'node:fs';
import { isVaultError } from '@scaivault/errors';
import { openJournal } from '../../src/journal/journal.ts';

const [directory = ''] = process.argv.slice(2);
try {
  const journal = await openJournal({
    directory,
    fsync: 'off',
    onAlarm: () => {},
    nowMs: Date.now,
    abandon: (intent) => intent,
  });
  await journal.record('log_child', Buffer.from('by the child'));
  writeSync(1, 'open\n');
  setInterval(() => {}, 1000);
} catch (error) {
  writeSync(1, `${isVaultError(error) ? error.code : 'another error'}\n`);
}

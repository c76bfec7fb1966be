/** A process under load until it is killed: prints each id once its outcome's promise resolved. */
import { writeSync } from 'node:fs';
import { openJournal } from '../../src/journal/journal.ts';

const [directory = '', fsync = 'off'] = process.argv.slice(2);
const journal = await openJournal({
  directory,
  fsync: fsync === 'group' ? 'group' : fsync === 'always' ? 'always' : 'off',
  segmentBytes: 16 * 1024,
  onAlarm: () => {},
  nowMs: Date.now,
  abandon: (intent) => intent,
});
await journal.intent('log_stuck', Buffer.from('intent of log_stuck'));

const serve = async (worker: number): Promise<void> => {
  for (let n = 0; ; n += 1) {
    const id = `log_${worker}_${n}`;
    await journal.intent(id, Buffer.from(`intent of ${id}`));
    writeSync(1, `begun ${id}\n`);
    // Some handlers take a few turns, so that the kill finds requests in every state.
    for (let turn = 0; turn < n % 5; turn += 1) await new Promise(setImmediate);
    await journal.outcome(id, Buffer.from(`outcome of ${id}`));
    writeSync(1, `answered ${id}\n`);
  }
};
await Promise.all(Array.from({ length: 16 }, (_, worker) => serve(worker)));

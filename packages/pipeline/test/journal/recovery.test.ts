import { appendFileSync, copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HEADER_BYTES } from '../../src/journal/format.ts';
import { bytesOf, filesIn, makeDirectory, openTestJournal, request, shipAll, unknownOf } from './open-test-journal.ts';

/** A directory as a crash leaves it: the files of a journal that was never closed. */
const crashed = (directory: string): string => {
  const copy = makeDirectory();
  for (const file of filesIn(directory, '.journal')) copyFileSync(file, join(copy, file.slice(directory.length)));
  return copy;
};

const flipByte = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(file, bytes);
};

test('an intent without outcome becomes unknown, the others keep their own', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  await journal.intent('log_2', bytesOf('intent of log_2'));
  await journal.record('log_3', bytesOf('refusal'));

  const recovered = await openTestJournal(crashed(directory));
  expect(recovered.alarms).toEqual([{ kind: 'intents_abandoned', records: 1 }]);
  expect(recovered.stats().backlogRecords).toBe(3);
  expect(await shipAll(recovered)).toEqual(['outcome of log_1', 'refusal', unknownOf('intent of log_2')]);
});

test('a withdrawn intent leaves nothing, neither for a shipper nor behind a crash', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  await journal.intent('log_2', bytesOf('intent of log_2'));
  await journal.withdraw('log_2');
  await request(journal, 'log_3');

  const recovered = await openTestJournal(crashed(directory));
  expect(recovered.alarms).toEqual([]);
  for (const each of [journal, recovered]) {
    expect(await shipAll(each)).toEqual(['outcome of log_1', 'outcome of log_3']);
    expect(each.stats().backlogRecords).toBe(0);
    await each.close();
    expect(filesIn(directory, '.journal')).toEqual([]);
  }
});

test('nothing but withdrawn intents is waited for by nobody', async () => {
  const journal = await openTestJournal(makeDirectory());
  await journal.intent('log_1', bytesOf('intent of log_1'));
  await journal.withdraw('log_1');
  expect(await shipAll(journal)).toEqual([]);
  expect(journal.stats()).toMatchObject({ backlogRecords: 0, oldestUnshippedMs: 0 });
});

test('an unknown outcome is written once, however often the process crashes afterwards', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.intent('log_1', bytesOf('intent of log_1'));
  const once = crashed(directory);
  await openTestJournal(once);
  const twice = await openTestJournal(crashed(once));
  expect(twice.alarms).toEqual([]);
  expect(await shipAll(twice)).toEqual([unknownOf('intent of log_1')]);
});

test('an intent that cannot be turned into an outcome is quarantined', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.intent('log_1', bytesOf('intent of log_1'));
  const copy = crashed(directory);
  const recovered = await openTestJournal(copy, {
    abandon: () => {
      throw new TypeError('not an intent');
    },
  });
  expect(recovered.alarmsOf('record_quarantined')).toHaveLength(1);
  expect(filesIn(copy, '.quarantine').map((file) => readFileSync(file, 'latin1'))).toEqual([
    expect.stringContaining('intent of log_1'),
  ]);
  expect(await shipAll(recovered)).toEqual([]);
});

test('a tail torn at any byte of the last record is cut', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.record('log_1', bytesOf('first'));
  const whole = journal.stats().bytes;
  await journal.record('log_2', bytesOf('second'));
  const [source] = filesIn(directory, '.journal');
  const size = journal.stats().bytes;

  for (let at = whole + 1; at < size; at += 1) {
    const copy = makeDirectory();
    const file = join(copy, '0000000000000001.journal');
    copyFileSync(source!, file);
    truncateSync(file, at);
    const recovered = await openTestJournal(copy);
    expect(recovered.alarms).toEqual([expect.objectContaining({ kind: 'tail_cut', offset: whole, bytes: at - whole })]);
    expect(statSync(file).size).toBe(whole);
    await request(recovered, 'log_3');
    expect(await shipAll(recovered)).toEqual(['first', 'outcome of log_3']);
    await recovered.close();
  }
});

test('a last record broken at any byte is cut', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.record('log_1', bytesOf('first'));
  const whole = journal.stats().bytes;
  await journal.record('log_2', bytesOf('second'));
  const size = journal.stats().bytes;
  for (let at = whole; at < size; at += 1) {
    const copy = crashed(directory);
    flipByte(join(copy, '0000000000000001.journal'), at);
    const recovered = await openTestJournal(copy);
    expect(recovered.alarmsOf('tail_cut')).toHaveLength(1);
    expect(await shipAll(recovered)).toEqual(['first']);
    await recovered.close();
  }
});

test('a byte flipped anywhere in the middle costs its record only: quarantined, alarmed, the rest shipped', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.record('log_1', bytesOf('first'));
  const from = journal.stats().bytes;
  await journal.record('log_2', bytesOf('second'));
  const to = journal.stats().bytes;
  await journal.record('log_3', bytesOf('third'));
  for (let at = from; at < to; at += 1) {
    const copy = crashed(directory);
    const file = join(copy, '0000000000000001.journal');
    flipByte(file, at);
    const damaged = readFileSync(file).subarray(from, to);
    const recovered = await openTestJournal(copy);
    expect(recovered.alarms).toEqual([
      { kind: 'record_quarantined', segment: '0000000000000001.journal', offset: from, bytes: to - from },
    ]);
    expect(readFileSync(`${file}.quarantine`).subarray(from)).toEqual(damaged);
    expect(await shipAll(recovered)).toEqual(['first', 'third']);
    expect(recovered.alarms).toHaveLength(1);
    await recovered.close();
  }
});

test('a payload that looks like a record is not found when the search passes it', async () => {
  const directory = makeDirectory();
  const other = await openTestJournal(makeDirectory());
  await other.record('log_forged', bytesOf('forged'));
  const journal = await openTestJournal(directory);
  const forgeryDirectory = makeDirectory();
  const forger = await openTestJournal(forgeryDirectory);
  await forger.record('log_forged', bytesOf('forged'));
  const forged = readFileSync(filesIn(forgeryDirectory, '.journal')[0]!).subarray(HEADER_BYTES);
  await journal.record('log_1', forged);
  await journal.record('log_2', bytesOf('second'));
  const copy = crashed(directory);
  flipByte(join(copy, '0000000000000001.journal'), HEADER_BYTES);
  expect(await shipAll(await openTestJournal(copy))).toEqual(['second']);
});

test('a broken end of a segment that is not the newest is quarantined, not cut', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await journal.record('log_1', bytesOf('first'));
  const copy = crashed(directory);
  const second = await openTestJournal(copy);
  await second.record('log_2', bytesOf('second'));
  const last = crashed(copy);
  const [oldest] = filesIn(last, '.journal');
  const size = statSync(oldest!).size;
  appendFileSync(oldest!, 'garbage');
  const recovered = await openTestJournal(last);
  expect(recovered.alarms).toEqual([expect.objectContaining({ kind: 'record_quarantined', offset: size, bytes: 7 })]);
  expect(await shipAll(recovered)).toEqual(['first', 'second']);
});

test('a newest segment without a whole header is removed; any other unreadable file is set aside', async () => {
  const directory = makeDirectory();
  writeFileSync(join(directory, '0000000000000001.journal'), 'x'.repeat(100));
  writeFileSync(join(directory, '0000000000000002.journal'), 'SVAU');
  const journal = await openTestJournal(directory);
  expect(journal.alarms.map(({ kind }) => kind)).toEqual(['segment_quarantined', 'tail_cut']);
  expect(existsSync(join(directory, '0000000000000001.journal.quarantine'))).toBe(true);
  expect(existsSync(join(directory, '0000000000000002.journal'))).toBe(false);
  await request(journal, 'log_1');
  expect(await shipAll(journal)).toEqual(['outcome of log_1']);
});

test('a record larger than a read block is recovered', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  const large = 'x'.repeat(700_000);
  await journal.record('log_1', bytesOf('first'));
  await journal.record('log_2', bytesOf(large));
  await journal.record('log_3', bytesOf('third'));
  const shipped = await shipAll(await openTestJournal(crashed(directory)));
  expect(shipped.map((text) => text.length)).toEqual([5, 700_000, 5]);
});

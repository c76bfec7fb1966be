import type * as NodeFs from 'node:fs';
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { bytesOf, filesIn, makeDirectory, openTestJournal, request, shipAll, unknownOf } from './open-test-journal.ts';

const disk = vi.hoisted(() => ({
  writes: 0,
  syncs: 0,
  /** Syncs wait for this before they end. */
  syncGate: Promise.resolve(),
  writeError: undefined as Error | undefined,
  /** Bytes that still arrive of a write that fails. */
  partial: 0,
  syncError: undefined as Error | undefined,
  truncateError: undefined as Error | undefined,
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof NodeFs>();
  return {
    ...fs,
    writeSync: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number) => {
      disk.writes += 1;
      if (disk.writeError === undefined) return fs.writeSync(fd, buffer, offset, length, position);
      if (disk.partial > 0) fs.writeSync(fd, buffer, offset, disk.partial, position);
      throw disk.writeError;
    },
    ftruncateSync: (fd: number, length: number) => {
      if (disk.truncateError) throw disk.truncateError;
      fs.ftruncateSync(fd, length);
    },
    fdatasync: (fd: number, done: (error: Error | null) => void) => {
      disk.syncs += 1;
      void disk.syncGate.then(() => (disk.syncError ? done(disk.syncError) : fs.fdatasync(fd, done)));
    },
  };
});

beforeEach(() => {
  Object.assign(disk, { writes: 0, syncs: 0, syncGate: Promise.resolve(), writeError: undefined, partial: 0 });
  disk.syncError = undefined;
  disk.truncateError = undefined;
});

const failure = (code: string): Error => Object.assign(new Error(code), { code });
const unavailable = expect.objectContaining({ code: 'audit_unavailable', retryAfterSeconds: expect.any(Number) });

test('records of one turn leave in one write', async () => {
  const journal = await openTestJournal(makeDirectory());
  await journal.intent('warm-up', bytesOf(''));
  disk.writes = 0;
  await Promise.all(Array.from({ length: 50 }, (_, n) => journal.intent(`log_${n}`, bytesOf('intent'))));
  expect(disk.writes).toBe(1);
  await Promise.all(Array.from({ length: 50 }, (_, n) => journal.outcome(`log_${n}`, bytesOf('outcome'))));
  expect(disk.writes).toBe(2);
});

test('an intent is in the file when it resolves', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  const before = journal.stats().bytes;
  await journal.intent('log_1', bytesOf('intent of log_1'));
  expect(journal.stats().bytes).toBeGreaterThan(before);
});

test('mode off never syncs', async () => {
  const journal = await openTestJournal(makeDirectory(), { fsync: 'off' });
  await request(journal, 'log_1');
  expect(disk.syncs).toBe(0);
});

test('mode group: an intent does not wait for the disk, an outcome does', async () => {
  const journal = await openTestJournal(makeDirectory(), { fsync: 'group' });
  const gate = Promise.withResolvers<void>();
  disk.syncGate = gate.promise;
  await journal.intent('log_1', bytesOf('intent'));
  expect(disk.syncs).toBe(0);
  let answered = false;
  const outcome = journal.outcome('log_1', bytesOf('outcome')).then(() => {
    answered = true;
  });
  await vi.waitUntil(() => disk.syncs === 1);
  await journal.intent('log_2', bytesOf('intent'));
  expect(answered).toBe(false);
  gate.resolve();
  await outcome;
});

test('mode group: outcomes that come while one sync runs share the next', async () => {
  const journal = await openTestJournal(makeDirectory(), { fsync: 'group' });
  const gate = Promise.withResolvers<void>();
  disk.syncGate = gate.promise;
  const first = journal.record('log_first', bytesOf('first'));
  await vi.waitUntil(() => disk.syncs === 1);
  const later: Promise<void>[] = [];
  for (let n = 0; n < 20; n += 1) {
    later.push(journal.record(`log_${n}`, bytesOf('later')));
    await new Promise(setImmediate);
  }
  gate.resolve();
  await Promise.all([first, ...later]);
  expect(disk.syncs).toBe(2);
});

test('mode always: an intent waits for the disk too', async () => {
  const journal = await openTestJournal(makeDirectory(), { fsync: 'always' });
  const gate = Promise.withResolvers<void>();
  disk.syncGate = gate.promise;
  let begun = false;
  const intent = journal.intent('log_1', bytesOf('intent')).then(() => {
    begun = true;
  });
  await vi.waitUntil(() => disk.syncs === 1);
  await new Promise(setImmediate);
  expect(begun).toBe(false);
  gate.resolve();
  await intent;
});

test.each(['ENOSPC', 'EIO', 'EROFS'])(
  'a write that fails with %s refuses, cuts its part off and recovers',
  async (code) => {
    const directory = makeDirectory();
    const journal = await openTestJournal(directory);
    await request(journal, 'log_1');
    const before = journal.stats().bytes;
    disk.writeError = failure(code);
    disk.partial = 7;
    await expect(journal.intent('log_2', bytesOf('intent'))).rejects.toEqual(unavailable);
    expect(journal.stats()).toMatchObject({ writable: false, bytes: before, errors: 1 });
    await expect(journal.intent('log_3', bytesOf('intent'))).rejects.toEqual(unavailable);
    expect(journal.alarmsOf('write_failed')).toEqual([expect.objectContaining({ errno: code })]);

    disk.writeError = undefined;
    await vi.waitUntil(() => journal.stats().writable, { timeout: 5000 });
    expect(journal.alarms.map(({ kind }) => kind)).toEqual(['write_failed', 'write_recovered']);
    await request(journal, 'log_4');
    await journal.close();

    const reopened = await openTestJournal(directory);
    expect(reopened.alarms).toEqual([]);
    expect(await shipAll(reopened)).toEqual(['outcome of log_1', 'outcome of log_4']);
  },
);

test('a file whose broken end cannot be cut is given up; its end is quarantined after a crash, its records are not lost', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  Object.assign(disk, { writeError: failure('EIO'), truncateError: failure('EIO'), partial: 9 });
  await expect(journal.intent('log_2', bytesOf('intent'))).rejects.toEqual(unavailable);
  Object.assign(disk, { writeError: undefined, truncateError: undefined, partial: 0 });
  await vi.waitUntil(() => journal.stats().writable, { timeout: 5000 });
  await request(journal, 'log_3');
  expect(filesIn(directory, '.journal')).toHaveLength(2);

  const copy = makeDirectory();
  for (const file of filesIn(directory, '.journal')) copyFileSync(file, join(copy, basename(file)));
  const recovered = await openTestJournal(copy);
  expect(recovered.alarms).toEqual([expect.objectContaining({ kind: 'record_quarantined', bytes: 9 })]);
  expect(await shipAll(recovered)).toEqual(['outcome of log_1', 'outcome of log_3']);
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_3']);
});

test('an outcome that cannot be written refuses the answer and becomes unknown once there is room', async () => {
  const journal = await openTestJournal(makeDirectory());
  await journal.intent('log_1', bytesOf('intent of log_1'));
  disk.writeError = failure('ENOSPC');
  await expect(journal.outcome('log_1', bytesOf('outcome'))).rejects.toEqual(unavailable);
  disk.writeError = undefined;
  await vi.waitUntil(() => journal.stats().backlogRecords === 1, { timeout: 5000 });
  expect(await shipAll(journal)).toEqual([unknownOf('intent of log_1')]);
});

test('a failed sync refuses the answers that waited for it and gives the file up', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory, { fsync: 'group' });
  await journal.intent('log_1', bytesOf('intent of log_1'));
  disk.syncError = failure('EIO');
  await expect(journal.outcome('log_1', bytesOf('outcome of log_1'))).rejects.toEqual(unavailable);
  expect(journal.alarmsOf('sync_failed')).toEqual([expect.objectContaining({ errno: 'EIO' })]);
  disk.syncError = undefined;
  await request(journal, 'log_2');
  await vi.waitUntil(() => journal.stats().backlogRecords === 3, { timeout: 5000 });
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_2', unknownOf('intent of log_1')]);
});

test('a closed journal refuses', async () => {
  const journal = await openTestJournal(makeDirectory());
  await journal.close();
  await expect(journal.intent('log_1', bytesOf('intent'))).rejects.toEqual(unavailable);
  expect(journal.stats().writable).toBe(false);
});

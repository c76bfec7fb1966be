import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { bytesOf, filesIn, makeDirectory, openTestJournal, request, shipAll, unknownOf } from './open-test-journal.ts';

const unavailable = expect.objectContaining({ code: 'audit_unavailable', retryAfterSeconds: expect.any(Number) });
const KIBIBYTE = 'x'.repeat(1024);

const fillUp = async (journal: Awaited<ReturnType<typeof openTestJournal>>, payload = KIBIBYTE): Promise<number> => {
  for (let n = 0; n < 100_000; n += 1) {
    try {
      await journal.record(`log_full_${n}`, bytesOf(payload));
    } catch (error) {
      expect(error).toEqual(unavailable);
      return n;
    }
  }
  throw new Error('it never filled up');
};

test('the quota refuses new work, lets running work finish, and has room again after shipping', async () => {
  const maxBytes = 256 * 1024;
  const journal = await openTestJournal(makeDirectory(), { maxBytes });
  await journal.intent('log_running', bytesOf('intent'));
  const records = await fillUp(journal);
  expect(journal.stats().bytes).toBeLessThanOrEqual(maxBytes);
  expect(journal.stats()).toMatchObject({ writable: false, backlogRecords: records });
  expect(journal.alarms.map(({ kind }) => kind)).toEqual(['quota_high', 'quota_full']);
  await expect(journal.intent('log_refused', bytesOf(KIBIBYTE))).rejects.toEqual(unavailable);
  await journal.outcome('log_running', bytesOf('outcome of log_running'));

  expect(await shipAll(journal)).toHaveLength(records + 1);
  expect(journal.stats()).toMatchObject({ writable: true, backlogRecords: 0 });
  await request(journal, 'log_after');
  expect(await shipAll(journal)).toEqual(['outcome of log_after']);
});

test('whoever was let in can leave an outcome, however many there are when the quota is reached', async () => {
  const journal = await openTestJournal(makeDirectory(), { maxBytes: 256 * 1024 });
  const begun: string[] = [];
  for (let n = 0; n < 1_000; n += 1) {
    const id = `log_${n}`;
    const isIn = await journal.intent(id, bytesOf(KIBIBYTE)).then(
      () => true,
      () => false,
    );
    if (!isIn) break;
    begun.push(id);
  }
  expect(begun.length).toBeGreaterThan(20);
  await Promise.all(begun.map((id) => journal.outcome(id, bytesOf(KIBIBYTE.repeat(2)))));
  expect(await shipAll(journal)).toHaveLength(begun.length);
});

test('the alarm comes at 80 % of the quota, not before, and once', async () => {
  const maxBytes = 100 * 1024;
  const journal = await openTestJournal(makeDirectory(), { maxBytes });
  while (journal.alarms.length === 0) await journal.record('log_1', bytesOf(KIBIBYTE));
  expect(journal.stats().bytes).toBeGreaterThanOrEqual(maxBytes * 0.8);
  expect(journal.stats().bytes).toBeLessThan(maxBytes * 0.8 + 2 * 1024);
  await journal.record('log_2', bytesOf(KIBIBYTE));
  expect(journal.alarms).toHaveLength(1);
});

const mountSmallDisk = (): string | undefined => {
  const directory = makeDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory], { stdio: 'pipe' });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', directory]);
  });
  return directory;
};

test('a full disk refuses, and the journal comes back by itself when there is room', async ({ skip }) => {
  const disk = mountSmallDisk();
  if (disk === undefined) return skip('mounting a tmpfs needs root');
  const directory = join(disk, 'journal');
  const ballast = join(disk, 'ballast');
  const journal = await openTestJournal(directory, { segmentBytes: 16 * 1024 });
  await journal.intent('log_running', bytesOf('intent of log_running'));
  writeFileSync(ballast, Buffer.alloc(160 * 1024));
  const records = await fillUp(journal);
  expect(journal.alarmsOf('write_failed')).toEqual([expect.objectContaining({ errno: 'ENOSPC' })]);
  expect(journal.stats().writable).toBe(false);
  await expect(journal.outcome('log_running', bytesOf(KIBIBYTE.repeat(16)))).rejects.toEqual(unavailable);

  rmSync(ballast);
  await vi.waitUntil(() => journal.stats().writable, { timeout: 5000 });
  expect(journal.alarmsOf('write_recovered')).toHaveLength(1);
  await request(journal, 'log_after');
  await vi.waitUntil(() => journal.stats().backlogRecords === records + 2, { timeout: 5000 });
  const shipped = await shipAll(journal);
  expect(shipped).toHaveLength(records + 2);
  expect(shipped).toContain('outcome of log_after');
  expect(shipped).toContain(unknownOf('intent of log_running'));
  await journal.close();
  expect((await openTestJournal(directory)).alarms).toEqual([]);
});

test('a disk that the journal itself filled is freed by shipping', async ({ skip }) => {
  const disk = mountSmallDisk();
  if (disk === undefined) return skip('mounting a tmpfs needs root');
  const journal = await openTestJournal(join(disk, 'journal'), { segmentBytes: 16 * 1024 });
  await journal.intent('log_running', bytesOf('intent of log_running'));
  const records = await fillUp(journal);
  expect(await shipAll(journal)).toHaveLength(records);
  await vi.waitUntil(() => journal.stats().writable, { timeout: 5000 });
  await journal.outcome('log_running', bytesOf('outcome of log_running'));
  expect(await shipAll(journal)).toEqual(['outcome of log_running']);
});

test('an unlinked file is noticed and written anew with everything in it', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory, { fsync: 'group' });
  await request(journal, 'log_1');
  const [file] = filesIn(directory, '.journal');
  rmSync(file!);
  await request(journal, 'log_2');
  expect(journal.alarms).toEqual([{ kind: 'segment_unlinked', segment: '0000000000000001.journal' }]);
  expect(statSync(file!).size).toBe(journal.stats().bytes);
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_2']);
});

test('a file unlinked while the shipper reads it costs no record', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  const shipped: string[] = [];
  const shipper = journal.ship(
    async (records) => {
      shipped.push(...records.map((record) => Buffer.from(record).toString()));
    },
    { batchRecords: 10, batchBytes: 10_000 },
  );
  await request(journal, 'log_1');
  await shipper.drained();
  rmSync(filesIn(directory, '.journal')[0]!);
  await request(journal, 'log_2');
  await shipper.drained();
  expect(shipped).toEqual(['outcome of log_1', 'outcome of log_2']);
});

test('an unlinked file is noticed without traffic', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  const [file] = filesIn(directory, '.journal');
  rmSync(file!);
  await vi.waitUntil(() => existsSync(file!), { timeout: 5000 });
  expect(journal.alarmsOf('segment_unlinked')).toHaveLength(1);
});

test('a truncated file is noticed: the loss is alarmed and the next record goes to a new file', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  const kept = journal.stats().bytes;
  await request(journal, 'log_2');
  const size = journal.stats().bytes;
  truncateSync(filesIn(directory, '.journal')[0]!, kept);
  await request(journal, 'log_3');
  expect(journal.alarms).toEqual([
    { kind: 'segment_altered', segment: '0000000000000001.journal', expectedBytes: size, foundBytes: kept },
  ]);
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_3']);
  expect(journal.stats()).toMatchObject({ backlogRecords: 0, errors: 1 });
});

test('foreign bytes behind the end are noticed and cut off', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  appendFileSync(filesIn(directory, '.journal')[0]!, KIBIBYTE);
  await request(journal, 'log_2');
  expect(journal.alarmsOf('segment_altered')).toHaveLength(1);
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_2']);
  expect(statSync(filesIn(directory, '.journal')[0]!).size).toBe(journal.stats().bytes);
});

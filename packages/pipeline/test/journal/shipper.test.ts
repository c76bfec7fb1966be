import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import {
  bytesOf,
  filesIn,
  makeDirectory,
  openTestJournal,
  request,
  shipAll,
  textOf,
  unknownOf,
} from './open-test-journal.ts';

const LIMITS = { batchRecords: 10, batchBytes: 1024 * 1024, lingerMs: 5 };
const names = (count: number, prefix = 'log'): string[] => Array.from({ length: count }, (_, n) => `${prefix}_${n}`);

test('batches hold no more records and bytes than allowed, and at least one record', async () => {
  const journal = await openTestJournal(makeDirectory());
  for (const id of names(25)) await journal.record(id, bytesOf('x'.repeat(100)));
  await journal.record('log_large', bytesOf('x'.repeat(5000)));
  const sizes: number[] = [];
  const shipper = journal.ship(
    async (records) => {
      sizes.push(records.length);
    },
    { batchRecords: 10, batchBytes: 750 },
  );
  await shipper.drained();
  expect(sizes).toEqual([7, 7, 7, 4, 1]);
});

test('a flaky receiver gets everything at least once and in order', async () => {
  const journal = await openTestJournal(makeDirectory(), { segmentBytes: 2048 });
  const accepted: string[] = [];
  let calls = 0;
  const shipper = journal.ship(
    async (records) => {
      calls += 1;
      if (calls % 3 === 1) throw new Error('not taken');
      accepted.push(...records.map(textOf));
      if (calls % 3 === 2) throw new Error('taken, but the answer was lost');
    },
    { ...LIMITS, minBackoffMs: 1, maxBackoffMs: 4 },
  );
  const ids = names(300);
  for (const id of ids) await request(journal, id, id);
  await shipper.drained();
  expect([...new Set(accepted)]).toEqual(ids);
  const first = new Map(accepted.map((id, at) => [id, at]));
  expect(accepted.length).toBeGreaterThan(first.size);
  expect(journal.alarmsOf('ship_failed').length).toBeGreaterThan(0);
  expect(journal.stats().backlogRecords).toBe(0);
});

test('waits between attempts double up to the cap, with jitter', async () => {
  const journal = await openTestJournal(makeDirectory());
  const draws: number[] = [];
  let calls = 0;
  const shipper = journal.ship(
    async () => {
      calls += 1;
      if (calls <= 6) throw new Error('not taken');
    },
    {
      ...LIMITS,
      minBackoffMs: 1,
      maxBackoffMs: 8,
      random: () => {
        draws.push(calls);
        return 0.5;
      },
    },
  );
  await request(journal, 'log_1');
  await shipper.drained();
  expect(draws).toEqual([1, 2, 3, 4, 5, 6]);
  expect(journal.alarmsOf('ship_failed')).toHaveLength(1);
});

test('outcomes of live traffic are gathered for the linger and an idle journal sends nothing', async () => {
  const journal = await openTestJournal(makeDirectory());
  const sizes: number[] = [];
  const shipper = journal.ship(
    async (records) => {
      sizes.push(records.length);
    },
    { ...LIMITS, lingerMs: 100 },
  );
  for (const id of names(5)) await journal.record(id, bytesOf(id));
  await vi.waitUntil(() => sizes.length > 0);
  expect(sizes).toEqual([5]);
  await shipper.stop();
  expect(sizes).toEqual([5]);
});

test('a batch waits on while company comes, for ten lingers at most', async () => {
  const journal = await openTestJournal(makeDirectory());
  const sizes: number[] = [];
  let lingers = 0;
  let isBusy = true;
  const shipper = journal.ship(
    async (records) => {
      sizes.push(records.length);
    },
    {
      batchRecords: 750,
      batchBytes: 1024 * 1024,
      lingerMs: 10,
      pause: async (ms) => {
        expect(ms).toBe(10);
        lingers += 1;
        const company = isBusy ? 3 : 2;
        for (let i = 0; i < company && sizes.length < 2; i += 1)
          await journal.record(`log_${lingers}_${i}`, bytesOf('x'));
      },
    },
  );
  await journal.record('log_first', bytesOf('x'));
  await vi.waitUntil(() => sizes.length === 1);
  // What has come until it was read goes along: ten times three, and the one that rang.
  expect(sizes).toEqual([31]);
  expect(lingers).toBe(10);
  isBusy = false;
  await journal.record('log_second', bytesOf('x'));
  await vi.waitUntil(() => sizes.length === 2);
  expect(lingers).toBe(11);
  await shipper.stop();
});

test('a journal that is half full does not wait for company', async () => {
  const journal = await openTestJournal(makeDirectory(), { maxBytes: 256 * 1024 });
  const sizes: number[] = [];
  journal.ship(
    async (records) => {
      sizes.push(records.length);
    },
    { batchRecords: 300, batchBytes: 1024 * 1024, lingerMs: 60_000 },
  );
  // Shipped and still there: room is freed by whole segments.
  await Promise.all(names(3, 'large').map((id) => journal.record(id, bytesOf('x'.repeat(50_000)))));
  await vi.waitUntil(() => sizes.length === 1);
  expect(sizes).toEqual([3]);
});

test('drained does not wait for the linger', async () => {
  const journal = await openTestJournal(makeDirectory());
  const shipper = journal.ship(async () => {}, { ...LIMITS, lingerMs: 60_000 });
  await request(journal, 'log_1');
  await shipper.drained();
  expect(journal.stats().backlogRecords).toBe(0);
});

test('drained refuses when the shipper is stopped first', async () => {
  const journal = await openTestJournal(makeDirectory());
  const shipper = journal.ship(() => Promise.reject(new Error('not taken')), LIMITS);
  await request(journal, 'log_1');
  const drained = expect(shipper.drained()).rejects.toMatchObject({ code: 'audit_unavailable' });
  await shipper.stop();
  await drained;
});

test('a stopped shipper leaves the rest to the next one', async () => {
  const journal = await openTestJournal(makeDirectory());
  for (const id of names(30)) await journal.record(id, bytesOf(id));
  const shipped: string[] = [];
  const shipper = journal.ship(async (records) => {
    shipped.push(...records.map(textOf));
    void shipper.stop();
  }, LIMITS);
  await vi.waitUntil(() => shipped.length === 10);
  await shipper.stop();
  expect([...shipped, ...(await shipAll(journal))]).toEqual(names(30));
});

test('what was not acknowledged is shipped again after a restart, what was is gone', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory, { segmentBytes: 1024 });
  await journal.record('log_old', bytesOf('x'.repeat(1024)));
  await journal.record('log_new', bytesOf('new'));
  let calls = 0;
  const shipper = journal.ship(
    async () => {
      calls += 1;
      if (calls > 1) throw new Error('not taken');
    },
    { ...LIMITS, batchRecords: 1 },
  );
  await vi.waitUntil(() => calls > 1);
  await shipper.stop();
  await journal.close();
  expect(await shipAll(await openTestJournal(directory))).toEqual(['new']);
});

test('acknowledged segments are deleted, and closing deletes the last one', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory, { segmentBytes: 2048 });
  for (const id of names(100)) await request(journal, id);
  expect(filesIn(directory, '.journal').length).toBeGreaterThan(3);
  await shipAll(journal);
  expect(filesIn(directory, '.journal')).toHaveLength(1);
  await journal.close();
  expect(filesIn(directory, '.journal')).toEqual([]);
});

test('a request that runs for long keeps its intent but not the old segments', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory, { segmentBytes: 2048, fsync: 'group' });
  await journal.intent('log_long', bytesOf('intent of log_long'));
  for (let round = 0; round < 3; round += 1) {
    for (const id of names(50, `log_${round}`)) await request(journal, id);
    await shipAll(journal);
  }
  expect(filesIn(directory, '.journal').length).toBeLessThanOrEqual(2);
  const onDisk = filesIn(directory, '.journal').map((file) => readFileSync(file, 'latin1'));
  expect(onDisk.join('')).toContain('intent of log_long');
  await journal.close();

  const recovered = await openTestJournal(directory);
  expect((await shipAll(recovered)).at(-1)).toBe(unknownOf('intent of log_long'));
});

test('damage that appears while the journal is open is quarantined by the shipper', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  for (const id of names(3)) await journal.record(id, bytesOf(`payload of ${id}`));
  const [file] = filesIn(directory, '.journal');
  writeFileSync(file!, readFileSync(file!, 'latin1').replace('payload of log_1', 'PAYLOAD of log_1'), 'latin1');
  expect(await shipAll(journal)).toEqual(['payload of log_0', 'payload of log_2']);
  expect(journal.alarmsOf('record_quarantined')).toHaveLength(1);
  expect(readFileSync(`${file}.quarantine`, 'latin1')).toContain('PAYLOAD of log_1');
  expect(journal.stats().errors).toBe(1);
});

test('the age of the backlog is that of its oldest record, also after a restart', async () => {
  const directory = makeDirectory();
  let now = 1_000_000;
  const clock = { nowMs: () => now };
  const journal = await openTestJournal(directory, clock);
  expect(journal.stats().oldestUnshippedMs).toBe(0);
  await journal.record('log_1', bytesOf('first'));
  now += 5000;
  await journal.record('log_2', bytesOf('second'));
  now += 1000;
  expect(journal.stats().oldestUnshippedMs).toBe(6000);
  await journal.close();
  const reopened = await openTestJournal(directory, clock);
  expect(reopened.stats().oldestUnshippedMs).toBe(6000);
  await shipAll(reopened);
  expect(reopened.stats().oldestUnshippedMs).toBe(0);
});

test('memory does not grow with the backlog', async () => {
  const journal = await openTestJournal(makeDirectory(), { segmentBytes: 1024 * 1024 });
  const payload = bytesOf('x'.repeat(1000));
  for (let round = 0; round < 60; round += 1) {
    await Promise.all(names(1000).map((id) => journal.record(`${round}_${id}`, payload)));
  }
  expect(journal.stats().bytes).toBeGreaterThan(60_000_000);
  const before = process.memoryUsage();
  let peak = 0;
  let records = 0;
  const shipper = journal.ship(
    async (batch) => {
      records += batch.length;
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      peak = Math.max(peak, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
    },
    { batchRecords: 500, batchBytes: 256 * 1024 },
  );
  await shipper.drained();
  expect(records).toBe(60_000);
  expect(peak).toBeLessThan(40_000_000);
});

test('two shippers at a time are refused', async () => {
  const journal = await openTestJournal(makeDirectory());
  const shipper = journal.ship(async () => {}, LIMITS);
  expect(() => journal.ship(async () => {}, LIMITS)).toThrow(expect.objectContaining({ code: 'internal_error' }));
  await shipper.stop();
  await journal.ship(async () => {}, LIMITS).stop();
});

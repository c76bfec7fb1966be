import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { shipAbandonedJournals } from '../src/host/ship-abandoned-journals.ts';
import { openJournal } from '../src/journal/journal.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scaivault-abandoned-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const options = {
  maxBytes: 8_388_608,
  fsync: 'off' as const,
  nowMs: Date.now,
  abandon: (intent: Uint8Array) => intent,
  onAlarm: () => {},
};

/** A journal with one record whose process is gone. */
const leaveBehind = async (name: string, text: string): Promise<void> => {
  const journal = await openJournal({ ...options, directory: join(root, name) });
  await journal.record(`log_${text}`, Buffer.from(text));
  await journal.close();
};

it('ships what processes that are gone have left, and not what is its own', async () => {
  await leaveBehind('secrets', 'of secrets');
  await leaveBehind('policy', 'of policy');
  await leaveBehind('audit-writer', 'own');
  const shipped: string[] = [];
  const adopted = await shipAbandonedJournals(root, 'audit-writer', options, async (records) => {
    for (const record of records) shipped.push(Buffer.from(record).toString());
  });
  await expect.poll(() => shipped.toSorted(), { timeout: 5_000 }).toEqual(['of policy', 'of secrets']);
  await adopted.stop();
  const again = await shipAbandonedJournals(root, 'audit-writer', options, () => Promise.reject(new Error('twice')));
  await again.stop();
});

it('stops in peace with records that nobody has taken, and leaves them for the next start', async () => {
  await leaveBehind('secrets', 'kept');
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  const adopted = await shipAbandonedJournals(root, 'audit-writer', options, () => Promise.reject(new Error('away')));
  await adopted.stop();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(rejections).toEqual([]);

  const shipped: string[] = [];
  const next = await shipAbandonedJournals(root, 'audit-writer', options, async (records) => {
    for (const record of records) shipped.push(Buffer.from(record).toString());
  });
  await expect.poll(() => shipped, { timeout: 5_000 }).toEqual(['kept']);
  await next.stop();
});

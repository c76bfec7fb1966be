import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listAbandoned } from '../../src/journal/abandoned.ts';
import { bytesOf, makeDirectory, openTestJournal, request, shipAll } from './open-test-journal.ts';
import { startChild } from './start-child.ts';

const taken = expect.objectContaining({ code: 'audit_unavailable' });
const isOpen = (lines: readonly string[]): boolean => lines.includes('open');

test('a second owner in another process is refused, and let in after kill -9', async () => {
  const directory = makeDirectory();
  const first = startChild('hold-child.ts', directory);
  await first.waitFor(isOpen);
  await expect(openTestJournal(directory)).rejects.toEqual(taken);
  const second = startChild('hold-child.ts', directory);
  await second.waitFor((lines) => lines.includes('audit_unavailable'));
  await first.kill();
  expect(await shipAll(await openTestJournal(directory))).toEqual(['by the child']);
});

test('a second owner in the same process is refused until the first closes', async () => {
  const directory = makeDirectory();
  const first = await openTestJournal(directory);
  await expect(openTestJournal(directory)).rejects.toEqual(taken);
  await first.close();
  await openTestJournal(directory);
});

test('abandoned journals are those with records and without a living owner', async () => {
  const root = makeDirectory();
  const [dead, alive, own, empty] = ['dead', 'alive', 'own', 'empty'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  mkdirSync(empty);
  writeFileSync(join(root, 'a-file'), '');
  const doomed = startChild('hold-child.ts', dead);
  const living = startChild('hold-child.ts', alive);
  await Promise.all([doomed.waitFor(isOpen), living.waitFor(isOpen)]);
  const journal = await openTestJournal(own);
  await journal.record('log_own', bytesOf('own'));
  await doomed.kill();

  expect(listAbandoned(root)).toEqual([dead]);
  const adopted = await openTestJournal(dead);
  expect(await shipAll(adopted)).toEqual(['by the child']);
  await adopted.close();
  expect(listAbandoned(root)).toEqual([]);
  await expect(openTestJournal(own), 'looking did not drop our own lock').rejects.toEqual(taken);
});

test('a root that does not exist holds no abandoned journals', () => {
  expect(listAbandoned(join(makeDirectory(), 'absent'))).toEqual([]);
});

test('a directory that was removed is made again and locked again', async () => {
  const directory = makeDirectory();
  const journal = await openTestJournal(directory);
  await request(journal, 'log_1');
  rmSync(directory, { recursive: true });
  await request(journal, 'log_2');
  expect(existsSync(join(directory, 'lock'))).toBe(true);
  await expect(openTestJournal(directory)).rejects.toEqual(taken);
  expect(await shipAll(journal)).toEqual(['outcome of log_1', 'outcome of log_2']);
});

test('a directory that cannot be used refuses with audit_unavailable', async () => {
  const file = join(makeDirectory(), 'file');
  writeFileSync(file, '');
  await expect(openTestJournal(join(file, 'journal'))).rejects.toEqual(taken);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { borrowVault, type Loan } from '../src/borrow-vault.ts';
import { lendVaults } from '../src/lend-vaults.ts';

let folder: string;
let lending: Awaited<ReturnType<typeof lendVaults>>;
/** What was started and ended, in turn; vaults are numbered. */
let events: string[];
let fails: boolean;
let count: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scaivault-lending-'));
  await writeFile(join(folder, 'dev.env'), 'SCAIVAULT_URL=http://127.0.0.1:1\n');
  events = [];
  fails = false;
  count = 0;
  lending = await lend();
});
afterEach(async () => {
  await lending.stop();
  await rm(folder, { recursive: true });
});

const lend = (idleMs?: number) =>
  lendVaults(
    folder,
    async ({ shape, dataDir }) => {
      if (fails) throw new Error('no port is free');
      count += 1;
      const pid = count;
      const how = dataDir === undefined ? 'starts' : 'starts again';
      events.push(`${shape} ${pid} ${how}`);
      const stop = async () => {
        events.push(`${pid} stops`);
        return { ms: 7, code: 0 };
      };
      const dispose = async () => void events.push(`${pid} ends`);
      const ports = { api: 1, scaiKey: 2 };
      return { shape, pid, ports, startMs: 9, dataDir: folder, stop, [Symbol.asyncDispose]: dispose };
    },
    idleMs,
  );

const borrow = (shape: 'all-in-one' | 'services' = 'all-in-one', env = {}): Promise<Loan> =>
  borrowVault({ shape, env }, lending.socketPath);

it('lends one vault to all who wish the same, and ends it with the run', async () => {
  for (let file = 0; file < 3; file += 1) {
    const { vault, giveBack } = await borrow();
    expect(vault.pid).toBe(1);
    await giveBack(true);
  }
  await (await borrow('services')).giveBack(true);
  await (await borrow('all-in-one', { LOG_LEVEL: 'info' })).giveBack(true);
  expect(events).toEqual(['all-in-one 1 starts', 'services 2 starts', 'all-in-one 3 starts']);
  await lending.stop();
  expect(events.slice(3)).toEqual(['1 ends', '2 ends', '3 ends']);
});

it('lets nobody in while somebody has it', async () => {
  const first = await borrow();
  let isIn = false;
  const second = borrow().then((loan) => {
    isIn = true;
    return loan;
  });
  // Asks later, and has its answer.
  const other = await borrow('services');
  expect(isIn).toBe(false);
  await first.giveBack(true);
  await (await second).giveBack(true);
  await other.giveBack(true);
});

it('replaces one that is not as it was', async () => {
  await (await borrow()).giveBack(false);
  const { vault, giveBack } = await borrow();
  expect(vault.pid).toBe(2);
  expect(events).toEqual(['all-in-one 1 starts', '1 ends', 'all-in-one 2 starts']);
  await giveBack(true);
});

it('starts one again with its data, for whoever has it and those after', async () => {
  const { restart, giveBack } = await borrow();
  const { vault, stopped, startMs } = await restart();
  expect({ pid: vault.pid, stopped, startMs }).toEqual({ pid: 2, stopped: { ms: 7, code: 0 }, startMs: 9 });
  await giveBack(true);
  const next = await borrow();
  expect(next.vault.pid).toBe(2);
  await next.giveBack(false);
  expect(events).toEqual(['all-in-one 1 starts', '1 stops', 'all-in-one 2 starts again', '2 ends', '1 ends']);
});

it('tells why one did not start again, and ends what is left of it', async () => {
  const { restart } = await borrow();
  fails = true;
  await expect(restart()).rejects.toThrow('no port is free');
  fails = false;
  const next = await borrow();
  expect(next.vault.pid).toBe(2);
  await next.giveBack(true);
  expect(events).toEqual(['all-in-one 1 starts', '1 stops', '1 ends', 'all-in-one 2 starts']);
});

it('ends one that nobody asks for any more, and none that somebody has', async () => {
  await lending.stop();
  lending = await lend(1);
  const { giveBack } = await borrow();
  const other = await borrow('services');
  await giveBack(true);
  await vi.waitFor(() => expect(events).toContain('1 ends'));
  expect(events).toEqual(['all-in-one 1 starts', 'services 2 starts', '1 ends']);
  await other.giveBack(true);
  await (await borrow()).giveBack(true);
  expect(events).toContain('all-in-one 3 starts');
});

it('tells why there is none, and tries again for the next', async () => {
  fails = true;
  await expect(borrow()).rejects.toThrow('no port is free');
  fails = false;
  await (await borrow()).giveBack(true);
});

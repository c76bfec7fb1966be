import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive, serviceProcessesBelow } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

const withinMs = 15_000;

interface Told {
  readonly port?: number;
  readonly failure?: string;
  readonly log?: { readonly worker: number; readonly how: string };
}

const startPrimary = (count: number, how = 'well') => {
  const primary: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, 'workers-primary-child.ts'), String(count), how],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const told: Told[] = [];
  createInterface({ input: primary.stdout! }).on('line', (line) => told.push(JSON.parse(line) as Told));
  const exited = once(primary, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  /** What it has told under that name, as soon as it has. */
  const find = <Key extends keyof Told>(key: Key): Promise<Told[Key]> =>
    vi.waitFor(
      () => {
        const found = told.find((one) => key in one);
        if (found === undefined) throw new Error(`It has not told its ${key}, only ${JSON.stringify(told)}.`);
        return found[key];
      },
      { timeout: withinMs, interval: 20 },
    );
  return { primary, told, exited, find, below: () => serviceProcessesBelow(primary.pid ?? 0) };
};

type Primary = ReturnType<typeof startPrimary>;

const untilGone = (pids: readonly number[]) =>
  expect.poll(() => pids.filter(isProcessAlive), { timeout: withinMs }).toEqual([]);

describe('several workers', () => {
  let running: Primary;
  const ask = async (path: string): Promise<unknown> => {
    const port = running.told.find((one) => one.port !== undefined)?.port;
    return (await fetch(`http://127.0.0.1:${port}${path}`)).json();
  };
  const who = async () => (await ask('/who')) as { number: number; pid: number };

  beforeAll(async () => {
    running = startPrimary(2);
    await running.find('port');
  });
  afterAll(() => void running?.primary.kill('SIGKILL'));

  it('share one port, and the system deals connections out', async () => {
    const numbers = new Set<number>();
    // That one of two gets all of sixty happens once in 10^18 times.
    for (let connection = 0; connection < 60; connection += 1) numbers.add((await who()).number);
    expect([...numbers].toSorted()).toEqual([1, 2]);
  });

  it('ask the process that started them, and are told when it fails or knows no answer', async () => {
    expect(await ask('/double?21')).toBe(42);
    expect(await ask('/fail')).toBe('not today');
    expect(await ask('/unknown')).toBe('Nobody answers "something else" here.');
  });

  it('are one process for whoever reads their metrics: counts add up, ages do not', async () => {
    const count = async () => {
      const text = String(await ask('/metrics'));
      const hits = Number(/rate_limit_hits_total\{[^}]*\} (\d+)/.exec(text)?.[1]);
      return { text, hits };
    };
    await Promise.all([who(), who()]);
    const { text, hits } = await count();
    expect(text).toMatch(/audit_journal_oldest_seconds\{service="child"\} 2\n/);
    expect(text).toMatch(/build_info\{[^}]*\} 1\n/);
    expect((await count()).hits).toBe(hits + 1);
  });

  it('are told of by those that answer while one of them hangs', { timeout: 30_000 }, async () => {
    const hanging = await who();
    process.kill(hanging.pid, 'SIGSTOP');
    try {
      // Connections that the system deals to the one that hangs wait with it.
      const texts = await Promise.all(
        Array.from({ length: 12 }, () => Promise.race([ask('/metrics'), sleep(4_000).then(() => undefined)])),
      );
      const told = texts.filter((text) => text !== undefined);
      expect(told.length).toBeGreaterThan(0);
      for (const text of told) expect(text).toMatch(/build_info\{[^}]*\} 1\n/);
    } finally {
      process.kill(hanging.pid, 'SIGCONT');
    }
  });

  it('go on without one that dies, and another one takes its place', { timeout: 30_000 }, async () => {
    const victim = await who();
    process.kill(victim.pid, 'SIGKILL');
    expect(await running.find('log')).toEqual({ worker: victim.number, how: 'SIGKILL' });
    expect((await who()).number).toBe(3 - victim.number);
    const heir = async () => {
      const seen = await who();
      return seen.number === victim.number && seen.pid !== victim.pid;
    };
    await expect.poll(heir, { timeout: withinMs }).toBe(true);
  });

  it('stop with the process that started them, whose Ctrl-C is not theirs', { timeout: 30_000 }, async () => {
    const pids = await running.below();
    expect(pids).toHaveLength(2);
    // The terminal signals the whole group of the first process.
    process.kill(-(running.primary.pid ?? 0), 'SIGINT');
    expect(await running.exited).toEqual([0, null]);
    await untilGone(pids);
  });
});

it('leaves no worker behind when the first process is killed', { timeout: 30_000 }, async () => {
  const running = startPrimary(2);
  await running.find('port');
  const pids = await running.below();
  running.primary.kill('SIGKILL');
  await running.exited;
  await untilGone(pids);
});

it('starts none when one of them cannot start', { timeout: 30_000 }, async () => {
  const running = startPrimary(2, 'second fails');
  onTestFinished(() => void running.primary.kill('SIGKILL'));
  expect(await running.find('failure')).toBe('Worker 2 did not start (exit code 1); its lines above say why.');
  expect(await running.exited).toEqual([1, null]);
  expect(running.told).toHaveLength(1);
  expect(await running.below()).toEqual([]);
});

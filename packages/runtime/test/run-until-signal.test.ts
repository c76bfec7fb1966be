import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const child = join(import.meta.dirname, 'run-child.ts');
const started: ChildProcess[] = [];
afterEach(() => {
  for (const process of started.splice(0)) if (process.exitCode === null) process.kill('SIGKILL');
});

const run = (how: string, env: Record<string, string> = {}) => {
  const running = spawn(process.execPath, [child, how], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
  });
  started.push(running);
  let output = '';
  running.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  // Not 'close', which never comes after disconnect().
  const exited = once(running, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = running.stdout === null ? Promise.resolve() : once(running.stdout, 'end');
  return {
    running,
    closed: Promise.all([exited, ended]).then(([[code, signal]]) => ({ code, signal, output })),
    until: (text: string) => expect.poll(() => output, { timeout: 10_000 }).toContain(text),
  };
};

describe('runUntilSignal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains at %s and ends with 0', async (signal) => {
    const { running, until, closed } = run('well');
    await until('started');
    running.kill(signal);
    expect(await closed).toEqual({ code: 0, signal: null, output: 'started\ndraining\ndrained\n' });
  });

  it('drains when the process that started it is gone', async () => {
    const { running, until, closed } = run('well');
    await until('started');
    running.disconnect();
    expect(await closed).toMatchObject({ code: 0, output: 'started\ndraining\ndrained\n' });
  });

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGINT'],
  ] as const)('leaves at once at the second signal (%s, %s)', async (first, second) => {
    const { running, until, closed } = run('never');
    await until('started');
    running.kill(first);
    await until('draining');
    running.kill(second);
    expect(await closed).toEqual({ code: 1, signal: null, output: 'started\ndraining\n' });
  });

  it('leaves when draining takes too long', async () => {
    const { running, until, closed } = run('never', { STOP_TIMEOUT_MS: '100' });
    await until('started');
    running.kill('SIGTERM');
    expect(await closed).toMatchObject({ code: 1, output: 'started\ndraining\n' });
  });

  it('leaves when it was asked to stop and its start does not end', async () => {
    const { running, until, closed } = run('starts for ever', { STOP_TIMEOUT_MS: '100' });
    await until('started');
    running.disconnect();
    expect(await closed).toMatchObject({ code: 1, output: 'started\n' });
  });

  it.each([
    ['fails-to-start', 'failed: no database\n'],
    ['badly', 'started\ndraining\nfailed: stuck\n'],
  ])('tells of a failure and ends with 1 (%s)', async (how, output) => {
    const { running, until, closed } = run(how);
    if (how === 'badly') {
      await until('started');
      running.kill('SIGTERM');
    }
    expect(await closed).toEqual({ code: 1, signal: null, output });
  });
});

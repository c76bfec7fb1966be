import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { call, newStateFile } from './start-for-test.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const spawnEmulator = async (env: Record<string, string> = {}): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [main], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      SCAIKEY_EMULATOR_BIND: '127.0.0.1:0',
      SCAIKEY_EMULATOR_STATE: await newStateFile(),
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

const firstLine = async (child: ChildProcess): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error('The emulator ended without a line.');
};

test.each([
  ['SIGTERM', (child: ChildProcess) => void child.kill('SIGTERM')],
  ['SIGINT', (child: ChildProcess) => void child.kill('SIGINT')],
  ["the end of its parent's pipe", (child: ChildProcess) => void child.stdin?.end()],
])('prints its address as one JSON line, serves, and ends cleanly at %s', async (_name, end) => {
  const child = await spawnEmulator();
  const { url } = JSON.parse(await firstLine(child));
  const { status } = await call('POST', `${url}/dev/token`, { json: { sub: 'usr_bob' } });
  expect(status).toBe(200);
  const exit = once(child, 'exit');
  end(child);
  expect((await exit)[0]).toBe(0);
});

test('does not start in production', async () => {
  const child = await spawnEmulator({ NODE_ENV: 'production' });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect(code).not.toBe(0);
  expect(errors).toContain('NODE_ENV=production');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { openChannel } from './channel.ts';

it('rejects what is asked of a process that is just being killed, and fails in no other way', async () => {
  const child = spawn(process.execPath, ['-e', 'process.on("message", () => {})'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // What Node says there when a message cannot be sent and nobody takes the failure; unheard, it ends the process.
  const unheard: Error[] = [];
  child.on('error', (error) => unheard.push(error));
  const { ask } = openChannel(child, {});
  const gone = once(child, 'exit');
  await once(child, 'spawn');
  const asked: Promise<unknown>[] = [];
  const question = 'x'.repeat(100_000);
  const asking = setInterval(() => asked.push(ask('anything', question).catch((error: unknown) => error)), 1);
  child.kill('SIGKILL');
  await gone;
  clearInterval(asking);
  if (child.connected) child.disconnect();
  asked.push(ask('anything').catch((error: unknown) => error));
  for (const answer of await Promise.all(asked)) expect(answer).toBeInstanceOf(Error);
  expect(unheard).toEqual([]);
});

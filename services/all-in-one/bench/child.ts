import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** Starts a script of this folder; it ends with us. */
export const startScript = (name: string): ChildProcess =>
  fork(join(import.meta.dirname, name), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

/** Sends one message and waits for the answer. */
export const ask = <Answer>(child: ChildProcess, message: object | string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer as Answer);
    });
    child.send(message);
  });

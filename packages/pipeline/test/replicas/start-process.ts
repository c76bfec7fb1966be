import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface StartedProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Sends a message and resolves with the next one that comes. */
  ask(message: object): Promise<unknown>;
  tell(message: object): void;
}

/** Runs a file of this folder as a process of its own and resolves with its first message, if it sends one unasked. */
export const startProcess = (file: string, parameters: readonly string[]): StartedProcess => {
  const child = fork(`${import.meta.dirname}/${file}`, parameters, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    child,
    ask: async (message) => {
      const answer = once(child, 'message', { signal: AbortSignal.timeout(15_000) });
      child.send(message);
      return (await answer)[0];
    },
    tell: (message) => void child.send(message),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      // Also ends one that is stopped.
      child.kill('SIGKILL');
      await ended;
    },
  };
};

import type { ChildProcess } from 'node:child_process';
import { type Answers, openChannel } from './channel.ts';

export interface WorkerPlaceOptions {
  readonly spawn: () => ChildProcess;
  readonly answers: Answers;
  /** Told of the death of one that had served; another one is on its way. */
  readonly onDeath: (how: string) => void;
  /** Milliseconds that it may take to stop. */
  readonly stopTimeoutMs: number;
}

export interface WorkerPlace {
  /** Resolves when the first one in this place serves; rejects, with how it ended, when that one does not come up. */
  readonly serves: Promise<void>;
  /** Asks whoever is in this place now, as `Channel` does. */
  ask(question: string, withinMs: number): Promise<unknown>;
  stop(): Promise<void>;
}

const shortestPauseMs = 200;
const longestPauseMs = 10_000;
/** Who lived this long did not die of its start. */
const steadyMs = 30_000;

const isGone = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

/** One place among the workers: whoever dies in it is replaced, after a pause that doubles while starts fail. */
export const openWorkerPlace = (options: WorkerPlaceOptions): WorkerPlace => {
  const firstServes = Promise.withResolvers<void>();
  let hasServed = false;
  let isStopping = false;
  let deathsInARow = 0;
  let restart: NodeJS.Timeout | undefined;

  const start = () => {
    const startedAt = performance.now();
    const child = options.spawn();
    const ready = (): void => {
      hasServed = true;
      firstServes.resolve();
    };
    const noteEnd = (how: string): void => {
      if (isStopping) return;
      if (!hasServed) {
        firstServes.reject(new Error(how));
        return;
      }
      options.onDeath(how);
      deathsInARow = performance.now() - startedAt > steadyMs ? 1 : deathsInARow + 1;
      const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** (deathsInARow - 1));
      restart = setTimeout(() => {
        current = start();
      }, pauseMs);
    };
    child.once('exit', (code, signal) => noteEnd(signal ?? `exit code ${code}`));
    // A machine without room for another process says so here, and no exit follows.
    child.once('error', (error) => child.pid === undefined && noteEnd(error.message));
    return { child, channel: openChannel(child, { ...options.answers, ready }) };
  };
  let current = start();

  return {
    serves: firstServes.promise,
    ask: (question, withinMs) => current.channel.ask(question, undefined, withinMs),
    stop: () =>
      new Promise((resolve) => {
        isStopping = true;
        clearTimeout(restart);
        const { child } = current;
        if (isGone(child)) return resolve();
        const force = setTimeout(() => child.kill('SIGKILL'), options.stopTimeoutMs);
        child.once('exit', () => {
          clearTimeout(force);
          resolve();
        });
        child.kill('SIGTERM');
      }),
  };
};

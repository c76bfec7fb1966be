import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export interface Child {
  /** Lines of its standard output so far. */
  readonly lines: string[];
  waitFor(enough: (lines: readonly string[]) => boolean): Promise<void>;
  /** kill -9; resolves when it is gone and all it printed was read. */
  kill(): Promise<void>;
}

/** Starts a TypeScript file of this folder in a process of its own. */
export const startChild = (file: string, ...parameters: string[]): Child => {
  const child: ChildProcess = spawn(process.execPath, [`${import.meta.dirname}/${file}`, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout! });
  const closed = once(child, 'close');
  let check = (): void => {};
  reader.on('line', (line) => {
    lines.push(line);
    check();
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(kill);
  return {
    lines,
    kill,
    waitFor: (enough) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (enough(lines)) resolve();
        };
        check();
        child.once('close', () => reject(new Error('the child ended too early')));
      }),
  };
};

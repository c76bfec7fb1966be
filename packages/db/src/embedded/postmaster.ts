import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a running server says of itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

const pollMs = 10;
const fastShutdownMs = 20_000;
const immediateShutdownMs = 5_000;

const worksIn = (pid: number, folder: string): boolean => {
  if (existsSync('/proc/self/cwd')) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false; // No such process, or a dead one nobody has collected.
    }
  }
  try {
    const command = execFileSync('ps', ['-o', 'stat=,command=', '-p', String(pid)], { encoding: 'utf8' });
    return !command.startsWith('Z') && command.includes(folder);
  } catch {
    return false;
  }
};

/** True while that process is a server of that cluster (whose real path is given), not a later one with its id. */
export const isPostmasterAlive = (pid: number, folder: string): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return worksIn(pid, folder);
};

/** The server now running on that cluster; undefined when there is none, whatever an old `postmaster.pid` says. */
export const findPostmaster = async (folder: string): Promise<Postmaster | undefined> => {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, , , port, , , , status] = text.split('\n');
  if (pid === undefined || pid === '' || !isPostmasterAlive(Number(pid), folder)) return undefined;
  return { pid: Number(pid), port: Number(port ?? 0), isReady: status?.trim() === 'ready' };
};

/** The command line a server of this cluster was last started with. */
export const readPostmasterCommand = (folder: string): Promise<string> =>
  readFile(join(folder, 'postmaster.opts'), 'utf8').catch(() => '');

/** A pid file whose process is gone or something else now would make the next start give up. */
export const removeStalePidFile = (folder: string): Promise<void> =>
  rm(join(folder, 'postmaster.pid'), { force: true });

/** Waits until the server with that pid takes connections; undefined when it ends before. */
export const waitUntilReady = async (
  folder: string,
  pid: number,
  isAlive: () => boolean,
  timeoutMs = 120_000, // Recovery after a crash reads back what the log holds.
): Promise<Postmaster | undefined> => {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const found = await findPostmaster(folder);
    if (found?.pid === pid && found.isReady) return found;
    if (!isAlive()) return undefined;
    await sleep(pollMs);
  }
  throw new Error(`PostgreSQL in ${folder} was not ready after ${timeoutMs / 1000} seconds.`);
};

const waitUntilGone = async (pid: number, folder: string, timeoutMs: number): Promise<boolean> => {
  const deadline = Date.now() + timeoutMs;
  while (isPostmasterAlive(pid, folder)) {
    if (Date.now() >= deadline) return false;
    await sleep(pollMs);
  }
  return true;
};

/** Sends a signal to the server if it is still there. */
export const signalPostmaster = (pid: number, folder: string, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void => {
  if (isPostmasterAlive(pid, folder)) process.kill(pid, signal);
};

/** Fast shutdown (running transactions are rolled back), within bounds; then an immediate one, then none asked. */
export const stopPostmaster = async (pid: number, folder: string): Promise<void> => {
  signalPostmaster(pid, folder, 'SIGINT');
  if (await waitUntilGone(pid, folder, fastShutdownMs)) return;
  signalPostmaster(pid, folder, 'SIGQUIT');
  if (await waitUntilGone(pid, folder, immediateShutdownMs)) return;
  signalPostmaster(pid, folder, 'SIGKILL');
  await waitUntilGone(pid, folder, immediateShutdownMs);
};

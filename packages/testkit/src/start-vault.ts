import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyVaultTemplate } from './copy-vault-template.ts';
import { freePort } from './free-port.ts';
import { openVault, type Shape, type Vault } from './open-vault.ts';
import { removeVaultFolder } from './vault-database.ts';

export { freePort } from './free-port.ts';
export type { Answer, Shape, Vault, VaultAccess } from './open-vault.ts';
export { findVaultPostgres, removeVaultFolder } from './vault-database.ts';

export interface StartVaultOptions {
  readonly shape: Shape;
  /** Environment variables beside the ones a test needs anyway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Data folder of an earlier vault; a new one, removed at the end, when left out. */
  readonly dataDir?: string;
  /** Makes its database itself in the new folder, like the first start of a clone; else it begins with a migrated one. */
  readonly fromNothing?: boolean;
  /** Ports of an earlier vault, so that its tokens stay valid. */
  readonly ports?: VaultPorts;
  /** A file that all it prints is added to, for those who do not hold the process. */
  readonly printTo?: string;
}

export interface VaultPorts {
  readonly api: number;
  readonly scaiKey: number;
}

/** A vault started as a user would start it, in processes of its own. */
export interface StartedVault extends Vault {
  readonly ports: VaultPorts;
  /** Milliseconds from its first instruction until it said that it is ready. */
  readonly startMs: number;
  /** Asks it to stop; resolves with milliseconds it took and the exit code. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<{ readonly ms: number; readonly code: number | null }>;
  /** Ends it and all its service processes at once with SIGKILL; PostgreSQL is left running, as after a real crash. */
  kill(): Promise<void>;
}

const root = join(import.meta.dirname, '../../..');
const scripts: Readonly<Record<Shape, string>> = { 'all-in-one': 'start', services: 'start:services' };

/** What the script of package.json gives to node: its options and the file. */
const readArguments = async (shape: Shape): Promise<readonly string[]> => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const script = manifest.scripts[scripts[shape]] ?? '';
  const given = /exec node (.+)$/.exec(script)?.[1];
  if (given === undefined) throw new Error(`The script ${scripts[shape]} starts no node: ${script}`);
  return given.split(' ');
};

const readyMark = 'Ctrl-C stops everything';
const readyWithinMs = 90_000;
const goneWithinMs = 10_000;

interface ProcessState {
  readonly parent: number;
  readonly isPostgres: boolean;
  /** Dead, and nobody has collected it. */
  readonly isZombie: boolean;
}

const stateOf = (pid: number): ProcessState | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), isPostgres: stat.includes('(postgres)'), isZombie: state === 'Z' };
  } catch {
    // The process ended while we looked.
    return undefined;
  }
};

/** True while that process does something, or could. */
export const isProcessAlive = (pid: number): boolean => stateOf(pid)?.isZombie === false;

/** Process ids below `pid`, found through /proc; PostgreSQL's own processes are left out. */
export const serviceProcessesBelow = async (pid: number): Promise<number[]> => {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const state = stateOf(Number(name));
    if (state === undefined || state.isPostgres) continue;
    children.set(state.parent, [...(children.get(state.parent) ?? []), Number(name)]);
  }
  const below = (id: number): number[] => (children.get(id) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
};

const untilReady = (child: ChildProcess, output: () => string): Promise<void> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`The vault was not ready after ${readyWithinMs / 1000} s:\n${output()}`));
    }, readyWithinMs);
    const look = (): void => {
      if (!output().includes(readyMark)) return;
      child.stdout?.off('data', look);
      clearTimeout(late);
      resolve();
    };
    child.stdout?.on('data', look);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`The vault did not start (exit code ${code}):\n${output()}`));
    });
  });

const untilGone = async (pids: readonly number[]): Promise<void> => {
  const deadline = performance.now() + goneWithinMs;
  while (pids.some(isProcessAlive)) {
    if (performance.now() > deadline) throw new Error('A killed process is still there.');
    await sleep(5);
  }
};

const exited = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

/**
 * Inside the folder of the test run, with which it goes. Open to be passed through, so that a database started by root lies
 * inside it and not in a folder of the system.
 */
const makeDataFolder = async ({ fromNothing = false }: StartVaultOptions): Promise<string> => {
  const folder = await mkdtemp(join(process.env.TEST_RUN_FOLDER ?? tmpdir(), 'scaivault-test-'));
  await chmod(folder, 0o755);
  if (!fromNothing) await copyVaultTemplate(folder);
  return folder;
};

/** Starts `pnpm start` or `pnpm start:services` without pnpm, on free ports and with a data folder of its own. */
export const startVault = async (options: StartVaultOptions): Promise<StartedVault> => {
  const dataDir = options.dataDir ?? (await makeDataFolder(options));
  const ports = options.ports ?? { api: await freePort(), scaiKey: await freePort() };
  const printed: string[] = [];
  const spawnedAt = performance.now();
  const child = spawn(process.execPath, await readArguments(options.shape), {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      // As the start scripts set it.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/node-compile'),
      BIND_ADDRESS: `127.0.0.1:${ports.api}`,
      SCAIKEY_EMULATOR_BIND: `127.0.0.1:${ports.scaiKey}`,
      DATA_DIR: dataDir,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const keep = (chunk: Buffer): void => {
    printed.push(chunk.toString());
    if (options.printTo !== undefined) appendFileSync(options.printTo, chunk);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const output = (): string => printed.join('');
  try {
    await untilReady(child, output);
  } catch (error) {
    await exited(child);
    if (options.dataDir === undefined) await removeVaultFolder(dataDir);
    throw error;
  }
  const startMs = performance.now() - spawnedAt;
  const pid = child.pid ?? 0;
  const vault = await openVault({ shape: options.shape, pid, dataDir, output });

  const stop: StartedVault['stop'] = async (signal = 'SIGINT') => {
    const started = performance.now();
    child.kill(signal);
    const code = await exited(child);
    return { ms: performance.now() - started, code };
  };
  return {
    ...vault,
    ports,
    startMs,
    stop,
    kill: async () => {
      const all = [pid, ...(await serviceProcessesBelow(pid))];
      for (const id of all) process.kill(id, 'SIGKILL');
      await exited(child);
      await untilGone(all);
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop();
      if (options.dataDir === undefined) await removeVaultFolder(dataDir);
    },
  };
};

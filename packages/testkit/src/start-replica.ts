import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { serviceProcessesBelow, type Vault } from './start-vault.ts';

export type ReplicatedService = 'policy' | 'identity-sync' | 'secrets' | 'gateway';

/** One process of a service, as others reach it. */
export interface ServiceProcess {
  readonly pid: number;
  /** `https://127.0.0.1:<port>`, for the PEER_ variables of others. */
  readonly rpcUrl: string;
  /** Settings it was started with. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Replica extends ServiceProcess, AsyncDisposable {
  /** SIGKILL, and gone when it resolves. */
  kill(): Promise<void>;
}

const services = join(import.meta.dirname, '../../../services');
const readyWithinMs = 60_000;

const environmentOf = async (pid: number): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await readFile(`/proc/${pid}/environ`, 'utf8'))
      .split('\0')
      .filter((line) => line.includes('=') && !line.startsWith('NODE_CHANNEL'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** The process of one service of a vault in shape `services`. */
export const findServiceProcess = async (vault: Vault, service: string): Promise<ServiceProcess> => {
  for (const pid of await serviceProcessesBelow(vault.pid)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    if (!command.includes(`/${service}/src/main.ts`)) continue;
    const env = await environmentOf(pid);
    return { pid, env, rpcUrl: `https://${env.RPC_BIND_ADDRESS}` };
  }
  throw new Error(`There is no process of ${service}.`);
};

const untilReady = (child: ChildProcess, service: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let printed = '';
    const fail = (why: string): void => reject(new Error(`${service} ${why}:\n${printed}`));
    const late = setTimeout(() => fail('was not ready in time'), readyWithinMs);
    const keep = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (!printed.includes(`${service} is ready`)) return;
      clearTimeout(late);
      resolve();
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep);
    child.once('exit', (code) => {
      clearTimeout(late);
      fail(`ended with ${code}`);
    });
  });

/**
 * Starts another process of a service beside those of a vault in shape `services`: the same settings, database and
 * authority, its own port and journal. `env` may lead it to other peers. It ends with us.
 */
export const startReplica = async (
  vault: Vault,
  service: ReplicatedService,
  env: Readonly<Record<string, string>> = {},
): Promise<Replica> => {
  const first = await findServiceProcess(vault, service);
  const port = await freePort();
  const settings = {
    ...first.env,
    RPC_BIND_ADDRESS: `127.0.0.1:${port}`,
    BIND_ADDRESS: `127.0.0.1:${await freePort()}`,
    JOURNAL_DIR: join(vault.dataDir, `journal-${port}`),
    LOG_LEVEL: 'info',
    ...env,
  };
  const child = spawn(process.execPath, [join(services, service, 'src/main.ts')], {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  try {
    await untilReady(child, service);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    rpcUrl: `https://${settings.RPC_BIND_ADDRESS}`,
    env: settings,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
};

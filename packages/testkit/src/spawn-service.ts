import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PeerName } from '@scaivault/runtime';

/** A process of one service, started as it is deployed. It ends with us. */
export interface SpawnedService extends AsyncDisposable {
  readonly pid: number;
  readonly rpcPort: number;
  /** SIGKILL, and gone when it resolves. */
  kill(): Promise<void>;
}

const services = join(import.meta.dirname, '../../../services');
const readyWithinMs = 60_000;

/** Resolves with the port that it serves on. */
const untilReady = (child: ChildProcess, service: string): Promise<number> =>
  new Promise((resolve, reject) => {
    let printed = '';
    const fail = (why: string): void => reject(new Error(`${service} ${why}:\n${printed}`));
    const late = setTimeout(() => fail('was not ready in time'), readyWithinMs);
    const keep = (chunk: Buffer): void => {
      printed += chunk.toString();
      const line = printed.split('\n').find((each) => each.includes(`${service} is ready`));
      if (line === undefined) return;
      clearTimeout(late);
      resolve(Number(/rpc_port\W+(\d+)/.exec(line)?.[1]));
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep);
    child.once('exit', (code) => {
      clearTimeout(late);
      fail(`ended with ${code}`);
    });
  });

/** Starts one with nothing but these settings; resolves when it is ready. */
export const spawnService = async (
  service: PeerName,
  env: Readonly<Record<string, string>>,
): Promise<SpawnedService> => {
  const child = spawn(process.execPath, [join(services, service, 'src/main.ts')], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  let rpcPort: number;
  try {
    rpcPort = await untilReady(child, service);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    rpcPort,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
};

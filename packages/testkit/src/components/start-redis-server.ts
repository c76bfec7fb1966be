import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWhenOrphaned } from '../end-when-orphaned.ts';
import { freePort } from '../free-port.ts';

export interface RedisServer {
  readonly port: number;
  /** Answers again on the same port, with nothing in it, when it resolves. */
  start(): Promise<void>;
  /** As after a power cut; nobody listens on its port when it resolves. */
  stop(): Promise<void>;
  /** Lets it hang: connections are taken and nothing is answered, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

const readyWithinMs = 20_000;

/** Sends one inline command and reads the first line of the answer; undefined when nobody is there. */
const ask = (port: number, command: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('data', (chunk) => {
      resolve(String(chunk).split('\r\n', 1)[0]);
      socket.destroy();
    });
    socket.once('error', () => resolve(undefined));
  });

const untilReady = async (port: number, child: ChildProcess, output: () => string): Promise<void> => {
  const deadline = performance.now() + readyWithinMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    if ((await ask(port, 'PING')) === '+PONG') return;
    await sleep(20);
  }
  throw new Error(`redis-server did not answer (exit code ${child.exitCode}):\n${output()}`);
};

const startProcess = async (program: string, folder: string, port: number) => {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void printed.push(String(chunk)));
  await once(child, 'spawn');
  const gone = once(child, 'exit');
  const orphanage = endWhenOrphaned(child.pid ?? 0, 'KILL', [folder]);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
    orphanage.callOff();
  };
  try {
    await untilReady(port, child, () => printed.join(''));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, signal: (name: NodeJS.Signals) => void child.kill(name) };
};

/** A redis-server of its own on a free loopback port, which keeps nothing on the disk. */
export const startRedisServer = async (program: string): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-redis-'));
  const port = await freePort();
  let running: Awaited<ReturnType<typeof startProcess>> | undefined;

  const server: RedisServer = {
    port,
    async start() {
      running ??= await startProcess(program, folder, port);
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
    freeze: () => running?.signal('SIGSTOP'),
    thaw: () => running?.signal('SIGCONT'),
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
};

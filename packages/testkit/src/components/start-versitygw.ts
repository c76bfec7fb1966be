import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWhenOrphaned } from '../end-when-orphaned.ts';
import { freePort } from '../free-port.ts';
import type { S3Access } from './s3-buckets.ts';

export interface Versitygw {
  readonly access: S3Access;
  /** Answers again on the same port and with the same objects when it resolves. */
  start(): Promise<void>;
  /** As after a power cut; nobody listens on its port when it resolves. */
  stop(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

const readyWithinMs = 20_000;
const healthPath = '/health';

const untilReady = async (endpoint: string, child: ChildProcess, output: () => string): Promise<void> => {
  const deadline = performance.now() + readyWithinMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const answer = await fetch(`${endpoint}${healthPath}`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(20);
  }
  throw new Error(`versitygw did not answer (exit code ${child.exitCode}):\n${output()}`);
};

const startProcess = async (program: string, folder: string, { endpoint, ...access }: S3Access) => {
  const listen = new URL(endpoint).host;
  const args = ['--port', listen, '--region', access.region, '--health', healthPath, '--keep-alive', '--quiet'];
  const child = spawn(program, [...args, 'posix', folder], {
    env: { ROOT_ACCESS_KEY_ID: access.accessKeyId, ROOT_SECRET_ACCESS_KEY: access.secretAccessKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
    await untilReady(endpoint, child, () => printed.join(''));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
};

/** A versitygw of its own on a free loopback port, its objects in a temporary folder. */
export const startVersitygw = async (program: string): Promise<Versitygw> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-s3-'));
  const access: S3Access = {
    endpoint: `http://127.0.0.1:${await freePort()}`,
    region: 'us-east-1',
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
    forcePathStyle: true,
  };
  let running: { stop(): Promise<void> } | undefined;

  const server: Versitygw = {
    access,
    async start() {
      running ??= await startProcess(program, folder, access);
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
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

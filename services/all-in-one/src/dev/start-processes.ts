import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import {
  type Environment,
  findFreeAddress,
  type PeerName,
  peerHostname,
  type RunningProcess,
  splitAddress,
} from '@scaivault/runtime';
import { prepareDatabase } from '../prepare-database.ts';
import type { VaultStart } from '../start-vault.ts';
import { dataFolder } from './development-environment.ts';

const services = [
  'identity-sync',
  'policy',
  'secrets',
  'audit-writer',
  'events',
  'gateway',
] as const satisfies readonly PeerName[];

type ServiceName = (typeof services)[number];

const folderOf = (name: ServiceName): string => join(import.meta.dirname, '../../..', name);
const readyWithinMs = 30_000;
const readyAnswerMs = 2_500;

/** Below the ports that systems hand to outgoing connections: one of those could be taken before its service listens. */
const lowest = 20_000;
const portCount = 12_000;

/** A port of this machine nobody listens on, and none of `taken`. */
const findFreePort = async (taken: ReadonlySet<number>): Promise<number> => {
  for (;;) {
    const port = lowest + randomInt(portCount);
    if (taken.has(port)) continue;
    const isFree = await findFreeAddress({ host: '127.0.0.1', port }).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
};

/** Certificates of a development authority made for this start; each process gets its own name. */
const issueCertificates = async (folder: string): Promise<(name: ServiceName) => Record<string, string>> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = await createDevelopmentAuthority();
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority.certificate, { mode: 0o600 });
  for (const name of services) {
    const { certificate, key } = await authority.issue(peerHostname(name));
    await writeFile(join(folder, `${name}.pem`), certificate, { mode: 0o600 });
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
  }
  return (name) => ({
    RPC_TLS_CA_FILE: authorityFile,
    RPC_TLS_CERT_FILE: join(folder, `${name}.pem`),
    RPC_TLS_KEY_FILE: join(folder, `${name}.key`),
  });
};

const isEdge = (name: ServiceName): boolean => name === 'gateway';
const isOwner = (name: ServiceName): boolean => name === 'policy' || name === 'identity-sync';
const isFollower = (name: ServiceName): boolean => !isEdge(name) && !isOwner(name);

const startChild = (name: ServiceName, env: Environment): ChildProcess =>
  // A group of its own: the terminal's Ctrl-C reaches the launcher only, which stops the children in order.
  spawn(process.execPath, [join(folderOf(name), 'src/main.ts')], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });

const stopChild = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const force = setTimeout(() => child.kill('SIGKILL'), 4_000);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill('SIGTERM');
  });

const untilReady = async (url: string, failed: () => Error | undefined): Promise<void> => {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const failure = failed();
    if (failure !== undefined) throw failure;
    const signal = AbortSignal.timeout(readyAnswerMs);
    const ready = await fetch(`${url}/v1/health/ready`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if (performance.now() > deadline) throw new Error('The services did not become ready in time.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** One process per service on loopback, with mutual TLS between them. */
export const startProcesses = async ({
  config,
  env,
  logger,
}: VaultStart): Promise<RunningProcess & { readonly port: number }> => {
  const { host, port: askedPort } = splitAddress(config.BIND_ADDRESS);
  // Somebody who listens there already would answer in our place.
  const { port } = await findFreeAddress({ host, port: askedPort === 0 ? await findFreePort(new Set()) : askedPort });
  await prepareDatabase(config, env);
  const certificates = await issueCertificates(join(dataFolder(env), 'tls'));
  const ports = new Map<ServiceName, number>();
  for (const name of services) ports.set(name, await findFreePort(new Set([port, ...ports.values()])));
  const peerUrls = Object.fromEntries(
    services
      .filter((name) => name !== 'gateway')
      .map((name) => [`PEER_${name.toUpperCase().replaceAll('-', '_')}_URL`, `https://127.0.0.1:${ports.get(name)}`]),
  );

  const children = new Map<ServiceName, ChildProcess>();
  let stopping = false;
  let failure: Error | undefined;
  for (const name of services) {
    const child = startChild(name, {
      ...env,
      ...peerUrls,
      ...certificates(name),
      BIND_ADDRESS: `${host}:${port}`,
      RPC_BIND_ADDRESS: `127.0.0.1:${ports.get(name)}`,
      // A fixed metrics port can serve one process only.
      METRICS_BIND_ADDRESS: name === 'gateway' ? config.METRICS_BIND_ADDRESS : '127.0.0.1:0',
    });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      failure = new Error(`${name} ended (${signal ?? `exit code ${code}`})`);
      logger.error({ err: failure }, 'A service has ended; the others go on. Stop and start again.');
    });
    children.set(name, child);
  }
  const stop = async (): Promise<void> => {
    stopping = true;
    // Requests end first; and who follows an owner gives its lease back while that still listens.
    for (const isNext of [isEdge, isFollower, isOwner]) {
      const next = [...children].filter(([name]) => isNext(name));
      await Promise.all(next.map(([, child]) => stopChild(child)));
    }
  };
  try {
    await untilReady(`http://127.0.0.1:${port}`, () => failure);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
};

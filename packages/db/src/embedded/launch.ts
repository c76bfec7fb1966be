import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { type Postmaster, readPostmasterCommand, removeStalePidFile, waitUntilReady } from './postmaster.ts';
import { programOptions } from './run-program.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';

export interface LaunchSettings {
  readonly binaries: Binaries;
  readonly folder: string;
  readonly logFile: string;
  readonly user: UnprivilegedUser | undefined;
  readonly port: number | undefined;
  readonly durable: boolean;
  readonly log: (line: string) => void;
}

const attempts = 5;
const pauseMs = 200;
const rotateBytes = 10 * 1024 * 1024;

const serverSettings = (durable: boolean): readonly string[] => [
  'listen_addresses=127.0.0.1',
  // The cluster's own folder, which only its user may enter.
  'unix_socket_directories=.',
  'max_connections=200',
  'password_encryption=scram-sha-256',
  'TimeZone=UTC',
  'log_timezone=UTC',
  'lc_messages=C',
  // The server's log tells what failed, not the rows and statements it failed on.
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
  ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
];

const serverArguments = ({ folder, durable }: LaunchSettings): readonly string[] => [
  '-D',
  folder,
  ...serverSettings(durable).flatMap((setting) => ['-c', setting]),
];

/** True when a running server was started the way this one would be; its port counts only where one was asked for. */
export const isAsWanted = async (running: Postmaster, settings: LaunchSettings): Promise<boolean> => {
  const command = await readPostmasterCommand(settings.folder);
  const wanted = [
    `${join(settings.binaries.root, 'bin/postgres')} `,
    ...serverArguments(settings).map((arg) => `"${arg}"`),
  ];
  const samePort = settings.port === undefined || settings.port === running.port;
  return (
    samePort && wanted.every((part) => command.includes(part)) && settings.durable === !command.includes('fsync=off')
  );
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Undefined when it could not even be spawned; the log says why. */
const spawnServer = (settings: LaunchSettings, port: number): ChildProcess | undefined => {
  const { binaries, logFile, user, log } = settings;
  const output = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(join(binaries.root, 'bin/postgres'), [...serverArguments(settings), '-c', `port=${port}`], {
      ...programOptions(user),
      // A group of its own: the terminal's Ctrl-C reaches us alone, and we shut it down in order.
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.on('error', (error) => log(`PostgreSQL could not be started: ${error.message}`));
    child.unref();
    return child.pid === undefined ? undefined : child;
  } finally {
    closeSync(output);
  }
};

const rotateLog = async (logFile: string): Promise<void> => {
  const found = await stat(logFile).catch(() => undefined);
  if (found !== undefined && found.size > rotateBytes) await rename(logFile, `${logFile}.1`);
};

const lastLines = async (logFile: string): Promise<string> =>
  (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-8).join('\n');

/** Starts the server and waits until it takes connections; tries again where the port was taken in between. */
export const launchPostmaster = async (settings: LaunchSettings): Promise<Postmaster> => {
  await rotateLog(settings.logFile);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await removeStalePidFile(settings.folder);
    const child = spawnServer(settings, settings.port ?? (await freePort()));
    const isAlive = (): boolean => child?.exitCode === null && child.signalCode === null;
    const ready = child?.pid === undefined ? undefined : await waitUntilReady(settings.folder, child.pid, isAlive);
    if (ready !== undefined) return ready;
    // Also the last processes of a killed server, which hold its shared memory for a moment longer.
    await sleep(pauseMs);
  }
  throw new Error(`PostgreSQL did not start; the end of ${settings.logFile}:\n${await lastLines(settings.logFile)}`);
};

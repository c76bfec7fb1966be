import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A login that may create databases and roles, at the one PostgreSQL of this test run. */
    readonly databaseUrl: string;
  }
}

/**
 * Outlives this process just long enough to end the database and remove its files when this process dies without
 * tearing down, by kill -9 included: the pipe to it closes then. A line on the pipe says that nothing is left to do.
 */
const watch = (pid: number, folders: readonly string[]): ChildProcess => {
  const script =
    'pid=$1; shift; if read -r line; then exit; fi; kill -QUIT "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done; rm -rf "$@"';
  const child = spawn('/bin/sh', ['-c', script, 'watch', String(pid), ...folders], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  return child;
};

const startTemporary = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'scaivault-test-'));
  // Made for its owner alone; the database runs as another user when the tests run as root.
  await chmod(dataDir, 0o755);
  const database = await startEmbeddedPostgres({ dataDir, durable: false, log: () => {} });
  const folders = [await realpath(join(dataDir, 'postgres')), dataDir];
  const watcher = watch(database.pid, folders);
  return {
    url: database.url,
    stop: async () => {
      await database.stop();
      watcher.stdin?.end('done\n');
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
};

/**
 * Vitest's global setup: one PostgreSQL for the whole run, in a temporary folder, or the one TEST_DATABASE_URL names.
 * Suites get their own databases in it from `createTestDatabase`.
 */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const given = process.env.TEST_DATABASE_URL;
  const database = given === undefined || given === '' ? await startTemporary() : { url: given, stop: async () => {} };
  project.provide('databaseUrl', database.url);
  return database.stop;
};

import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import type { TestProject } from 'vitest/node';
import { endWhenOrphaned } from './end-when-orphaned.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A login that may create databases and roles, at the one PostgreSQL of this test run. */
    readonly databaseUrl: string;
  }
}

const startTemporary = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'scaivault-test-'));
  // Made for its owner alone; the database runs as another user when the tests run as root.
  await chmod(dataDir, 0o755);
  const database = await startEmbeddedPostgres({ dataDir, durable: false, log: () => {} });
  const folders = [await realpath(join(dataDir, 'postgres')), dataDir];
  const orphanage = endWhenOrphaned(database.pid, 'QUIT', folders);
  return {
    url: database.url,
    stop: async () => {
      await database.stop();
      orphanage.callOff();
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

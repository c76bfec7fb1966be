import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import type { TestProject } from 'vitest/node';
import { endWhenOrphaned } from './end-when-orphaned.ts';
import { lendVaults } from './lend-vaults.ts';
import { placeForDatabases } from './place-for-databases.ts';
import { startVault } from './start-vault.ts';
import { serveVaultTemplate } from './vault-template.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A login that may create databases and roles, at the one PostgreSQL of this test run. */
    readonly databaseUrl: string;
  }
}

/** Of the whole run, for everybody to pass through: the database runs as another user when the tests run as root. */
const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(placeForDatabases(), 'scaivault-run-'));
  await chmod(folder, 0o755);
  return folder;
};

const startTemporary = async (folder: string) => {
  const database = await startEmbeddedPostgres({ dataDir: folder, durable: false, log: () => {} });
  // Elsewhere when root's temporary folder is closed to the other user.
  const cluster = await realpath(join(folder, 'postgres'));
  const orphanage = endWhenOrphaned(database.pid, 'QUIT', [cluster, folder]);
  return {
    url: database.url,
    stop: async () => {
      await database.stop();
      orphanage.callOff();
      await rm(cluster, { recursive: true, force: true });
    },
  };
};

/**
 * Vitest's global setup: one PostgreSQL for the whole run, in a temporary folder, or the one TEST_DATABASE_URL names.
 * Suites get their own databases in it from `createTestDatabase`. Whole vaults (`startVault`) have one each, and begin
 * with a copy of a template; those that files share (`borrowVault`) are started here. All of it lies in one folder, in
 * memory where there is room, and is gone when the run has ended or died.
 */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = await makeFolder();
  const { TEST_DATABASE_URL: given = '' } = process.env;
  const database = given === '' ? await startTemporary(folder) : { url: given, stop: async () => {} };
  project.provide('databaseUrl', database.url);
  process.env.TEST_RUN_FOLDER = folder;
  const template = await serveVaultTemplate(folder);
  process.env.TEST_VAULT_TEMPLATE_SOCKET = template.socketPath;
  const vaults = await lendVaults(folder, startVault);
  process.env.TEST_VAULTS_SOCKET = vaults.socketPath;
  return async () => {
    await vaults.stop();
    await template.stop();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
};

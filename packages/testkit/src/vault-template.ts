import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';

const run = promisify(execFile);
const migrateCommand = join(import.meta.dirname, '../../../services/all-in-one/src/migrate.ts');

/** A stopped database with every migration applied, where `pnpm start` looks for its own. */
const fill = async (folder: string): Promise<void> => {
  await mkdir(folder);
  // The database runs as another user when the tests run as root.
  await chmod(folder, 0o755);
  const database = await startEmbeddedPostgres({ dataDir: folder, durable: false, log: () => {} });
  try {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, DATABASE_URL: database.url, LOG_LEVEL: 'warn' };
    await run(process.execPath, [migrateCommand], { env });
  } finally {
    await database.stop();
  }
  // A test kills the processes of a vault; that the machine itself dies, which is what syncing is for, none can try.
  await appendFile(join(folder, 'postgres/postgresql.conf'), 'fsync = off\nfull_page_writes = off\n');
};

/**
 * Offers the vaults of a test run a data folder with a migrated database in it, to begin with a copy of it (see
 * copy-vault-template.ts). It is made once inside `folder`, when somebody first asks at `socketPath`; the answer is its
 * path, or nothing when it could not be made.
 */
export const serveVaultTemplate = async (
  folder: string,
): Promise<{ readonly socketPath: string; stop(): Promise<void> }> => {
  const template = join(folder, 'template');
  const socketPath = join(folder, 'ask-for-template');
  let filled: Promise<string> | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => {}); // Whoever asked is gone.
    filled ??= fill(template).then(
      () => template,
      (error: unknown) => {
        process.stderr.write(`The template of the vaults could not be made: ${String(error)}\n`);
        return '';
      },
    );
    void filled.then((answer) => socket.end(answer));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    stop: async () => {
      server.close();
      await filled;
    },
  };
};

import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';

/** A session at the database of a vault in development, as the login that owns everything and that no policy binds. */
export const openVaultDatabase = async (dataDir: string): Promise<postgres.Sql> => {
  const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
  const [, , , port] = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n');
  return postgres({
    host: '127.0.0.1',
    port: Number(port),
    user: 'scaivault',
    database: 'scaivault',
    password,
    max: 1,
    onnotice: () => {},
  });
};

/** Id of the PostgreSQL that still serves this data folder; undefined when none does. */
export const findVaultPostgres = (dataDir: string): number | undefined => {
  try {
    const pid = Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    const works = readlinkSync(`/proc/${pid}/cwd`);
    return readFileSync(join(works, 'postmaster.pid'), 'utf8').startsWith(`${pid}\n`) ? pid : undefined;
  } catch {
    // No pid file, or nobody behind it.
    return undefined;
  }
};

/** Ends a PostgreSQL that a killed vault has left behind, and removes the folder with its database, wherever that lies. */
export const removeVaultFolder = async (dataDir: string): Promise<void> => {
  const pid = findVaultPostgres(dataDir);
  if (pid !== undefined) process.kill(pid, 'SIGQUIT');
  const cluster = await realpath(join(dataDir, 'postgres')).catch(() => undefined);
  if (cluster !== undefined) await rm(cluster, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
};

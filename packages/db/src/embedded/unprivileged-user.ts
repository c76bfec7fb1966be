import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whom the database runs as; PostgreSQL refuses root, and a user the system has no entry for. */
export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

const preferred = ['postgres', 'nobody'];

/** The user to step down to when this process is root; undefined when it already is somebody ordinary. */
export const findUnprivilegedUser = async (): Promise<UnprivilegedUser | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of preferred) {
    const [, , uid, gid] = entries.find(([entry]) => entry === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and this system has no user "postgres" or "nobody" to run it as.');
};

/** True when the permission bits of `folder` and of every folder above it let that user pass through. */
export const isReachable = async (folder: string, user: UnprivilegedUser): Promise<boolean> => {
  let current = await realpath(folder);
  for (;;) {
    const { mode, uid, gid } = await stat(current);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
};

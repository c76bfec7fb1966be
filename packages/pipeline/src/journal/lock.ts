import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface DirectoryLock {
  /** False once the lock file was removed or replaced: another process could then lock the new one. */
  holds(): boolean;
  release(): void;
}

const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/**
 * Makes this process the one owner of a directory until it releases the lock or dies; undefined when another lives.
 *
 * The lock is the kernel's (fcntl, held through an empty SQLite file, since Node offers no lock of its own): it ends
 * with the process however that dies, and it holds between containers on one volume, whose process numbers mean nothing
 * to each other. Nobody in this process may open the file by other means: closing it again would drop the lock.
 */
export const lockDirectory = (directory: string): DirectoryLock | undefined => {
  const path = join(directory, 'lock');
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  const inode = inodeOf(path);
  return {
    holds: () => inode !== undefined && inodeOf(path) === inode,
    release: () => database.close(),
  };
};

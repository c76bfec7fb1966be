import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const inMemory = '/dev/shm';
/** Several times what a whole run needs at once. */
const roomBytes = 3 * 1024 ** 3;

/**
 * The folder in which databases and data folders of tests are made: in memory where the machine has plenty of it, where a
 * new database costs a fifth; else among temporary files. Tests end processes, not the machine, and what a process has
 * written outlives it in both.
 */
export const placeForDatabases = (): string => {
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    return Math.min(bavail * bsize, process.availableMemory() / 2) < roomBytes ? tmpdir() : inMemory;
  } catch {
    // There is no such place here.
    return tmpdir();
  }
};

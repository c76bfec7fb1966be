import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from './lock.ts';
import { listSegments } from './segment.ts';

const isAbandoned = (directory: string): boolean => {
  if (listSegments(directory).numbers.length === 0) return false;
  const lock = lockDirectory(directory);
  lock?.release();
  return lock !== undefined;
};

/**
 * The journal directories directly under `root` that hold records and whose owner is gone, in order of their names. The
 * caller opens each with `openJournal`, ships it until `drained()` and closes it; a directory that found a new owner in
 * between refuses to open. An absent root holds none (architecture 8: records left by the other deployment shape).
 */
export const listAbandoned = (root: string): string[] =>
  existsSync(root)
    ? readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(root, entry.name))
        .filter(isAbandoned)
        .sort()
    : [];

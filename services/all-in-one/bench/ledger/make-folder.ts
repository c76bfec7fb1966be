import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive, removeVaultFolder } from '@scaivault/testkit/start-vault';

const prefix = 'scaivault-bench-';

/** An empty folder for a vault or a database, which the unprivileged user of the latter can pass through. */
export const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
};

/** Removes what runs have left that were killed. */
export const removeLeftFolders = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const [pid] = name.slice(prefix.length).split('-');
    if (!isProcessAlive(Number(pid))) await removeVaultFolder(join(tmpdir(), name));
  }
};

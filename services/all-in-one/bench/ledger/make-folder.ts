import { chmod, mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive, removeVaultFolder } from '@scaivault/testkit/start-vault';

/** An empty folder for a vault or a database, which the unprivileged user of the latter can pass through. */
export const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `scaivault-ledger-${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
};

const left = /^scaivault-ledger-(\d+)-/;
/** A vault whose bench was killed may still be on its way to its end, in its folder. */
const leftForMs = 120_000;

/** Removes what runs have left that were killed. */
export const removeLeftFolders = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = left.exec(name) ?? [];
    if (pid === undefined) continue;
    const folder = join(tmpdir(), name);
    if (isProcessAlive(Number(pid)) || Date.now() - (await stat(folder)).mtimeMs < leftForMs) continue;
    await removeVaultFolder(folder);
  }
};

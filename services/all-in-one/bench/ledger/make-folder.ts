import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder for a vault or a database, which the unprivileged user of the latter can pass through. */
export const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-bench-'));
  await chmod(folder, 0o755);
  return folder;
};

import { execFile } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);
const parts = ['postgres', 'postgres-password'];

/**
 * Puts the migrated database of the test run into a new data folder, so that a vault need not make one: a second and a
 * half against five of a processor. Does nothing outside of vitest, and where the cluster lies elsewhere because root's
 * temporary folder is closed to its user.
 */
export const copyVaultTemplate = async (dataDir: string): Promise<void> => {
  const { TEST_VAULT_TEMPLATE_SOCKET: socketPath } = process.env;
  if (socketPath === undefined) return;
  const template = await text(connect(socketPath));
  if (template === '') throw new Error('There is no template to make a vault of; the output above says why.');
  if (!(await lstat(join(template, 'postgres'))).isDirectory()) return;
  // cp and not node:fs, which would leave the files to root.
  await run('cp', ['-Rp', ...parts.map((part) => join(template, part)), dataDir]);
};

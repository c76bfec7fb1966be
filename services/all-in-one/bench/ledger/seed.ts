import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HttpOrder, HttpResult } from '@scaivault/measure/load/http-load';
import { startHttpLoad } from '@scaivault/measure/load/start-http-load';
import { removeVaultFolder, type StartedVault, startVault } from '@scaivault/testkit/start-vault';
import { until } from '../../test/until.ts';
import { makeFolder } from './make-folder.ts';
import { places } from './places.ts';
import { secretBody, seededPath } from './secret.ts';
import { settingsOf } from './settings.ts';

const run = promisify(execFile);
const callers = 64;
const doneMark = 'seeded';
const auditedWithinMs = 120_000;

/** Writes them through the API, like anybody: encrypted, journalled, audited. */
const writeAll = async (vault: StartedVault, secrets: number): Promise<void> => {
  using load = startHttpLoad();
  const path = `/v1/secrets/${seededPath}`;
  const order: HttpOrder = {
    url: vault.url,
    headers: { authorization: `Bearer ${vault.token}` },
    templates: [{ method: 'PUT', path, body: secretBody, among: secrets, weight: 1, status: 201 }],
    connections: callers,
    pace: { callers, requests: secrets },
    numbers: 'in order',
  };
  const { unexpected } = await load.ask<HttpResult>(order);
  if (Object.keys(unexpected).length > 0) throw new Error(`The seed was not written: ${JSON.stringify(unexpected)}`);
};

/** As a database is that has had time: nothing of the seed is left to be done when the measuring begins. */
const settle = async (vault: StartedVault, secrets: number): Promise<void> => {
  const sql = await vault.openDatabase();
  try {
    await until(
      'all writes audited',
      async () => {
        const [row] = await sql`select count(*)::integer as count from audit.log where action = 'write'`;
        return row?.count >= secrets ? true : undefined;
      },
      auditedWithinMs,
    );
    await sql`vacuum analyze`;
    await sql`checkpoint`;
  } finally {
    await sql.end();
  }
};

const isSeeded = async (folder: string): Promise<boolean> =>
  (await readFile(join(folder, doneMark), 'utf8').catch(() => undefined)) !== undefined;

/** The data folder with so many secrets in it, from an earlier run or made now; it is never started again. */
export const ensureSeed = async (secrets: number): Promise<string> => {
  const folder = places.seed(secrets);
  if (await isSeeded(folder)) return folder;
  await removeVaultFolder(folder);
  await mkdir(folder, { recursive: true });
  process.stdout.write(`writing ${secrets} secrets to ${folder}, once\n`);
  const vault = await startVault({ shape: 'all-in-one', dataDir: folder, env: settingsOf({ settings: {} }) });
  try {
    await writeAll(vault, secrets);
    await settle(vault, secrets);
  } finally {
    await vault.stop();
  }
  await writeFile(join(folder, doneMark), '');
  return folder;
};

/** A copy of the seed for one vault, which removes it when it is done with it (`removeVaultFolder`). */
export const copySeed = async (secrets: number): Promise<string> => {
  const seed = await ensureSeed(secrets);
  const folder = await makeFolder();
  for (const name of await readdir(seed)) {
    // The database itself, also where the seed has a link to it; cp and not node:fs, which would leave it to root.
    await run('cp', ['-Rp', '--reflink=auto', await realpath(join(seed, name)), join(folder, name)]);
  }
  return folder;
};

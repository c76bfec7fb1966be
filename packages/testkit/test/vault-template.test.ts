import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyVaultTemplate } from '../src/copy-vault-template.ts';

let copies: readonly [string, string];
const copy = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-test-'));
  await chmod(folder, 0o755);
  await copyVaultTemplate(folder);
  return folder;
};
beforeAll(async () => {
  copies = await Promise.all([copy(), copy()]);
});
afterAll(async () => {
  for (const folder of copies) await rm(folder, { recursive: true, force: true });
});

it('gives several who ask at once a stopped database each, which belongs to whom the server runs as', async () => {
  for (const folder of copies) {
    expect(await readdir(folder)).toEqual(['postgres', 'postgres-password']);
    expect(await readdir(join(folder, 'postgres'))).not.toContain('postmaster.pid');
    expect((await stat(join(folder, 'postgres'))).mode & 0o777).toBe(0o700);
  }
});

it('holds every schema, and nothing in them', async () => {
  await using database = await (async () => {
    const server = await startEmbeddedPostgres({ dataDir: copies[1], durable: false, log: () => {} });
    return { ...server, [Symbol.asyncDispose]: server.stop };
  })();
  const sql = postgres(database.url, { max: 1 });
  try {
    const rows = await sql`select schemaname as schema from pg_tables where tablename = 'migrations' order by 1`;
    expect(rows.map(({ schema }) => schema as string)).toEqual(expect.arrayContaining(['audit', 'policy', 'secrets']));
    expect(await sql`select from secrets.secret`).toHaveLength(0);
  } finally {
    await sql.end();
  }
});

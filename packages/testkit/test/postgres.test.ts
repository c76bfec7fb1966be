import { fileURLToPath } from 'node:url';
import { checkMigrated, openDatabase } from '@scaivault/db';
import { expect, inject, it } from 'vitest';
import { createTestDatabase } from '../src/postgres.ts';

const migrations = [{ schema: 'kittest', folder: fileURLToPath(new URL('fixtures/notes', import.meta.url)) }];

const open = (url: string) =>
  openDatabase({
    url,
    role: 'scaivault_kittest',
    schema: 'kittest',
    applicationName: 'kittest',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });

it('gives every suite a migrated database of its own, also when several ask at once', async () => {
  const databases = await Promise.all(Array.from({ length: 3 }, () => createTestDatabase({ migrations })));
  for (const { url } of databases) {
    await checkMigrated({ url, migrations });
    const db = open(url);
    await db.verifyRole();
    await db.sql`insert into note (id) values ('only here')`;
    expect(await db.sql`select id from note`).toEqual([{ id: 'only here' }]);
    await db.close();
  }
  await Promise.all(databases.map(({ drop }) => drop()));
});

it('removes a database though sessions are open in it', async () => {
  const database = await createTestDatabase({ migrations });
  const db = open(database.url);
  await db.ping();
  await database.drop();
  await expect(db.ping()).rejects.toMatchObject({ code: 'service_unavailable' });
  await db.close();
  await database.drop();
});

it('copies a finished template in a fraction of the time', async () => {
  await using first = await createTestDatabase({ migrations });
  await using second = await createTestDatabase({ migrations });
  expect(new URL(first.url).pathname).not.toBe(new URL(second.url).pathname);
  expect(new URL(first.url).host).toBe(new URL(inject('databaseUrl')).host);
});

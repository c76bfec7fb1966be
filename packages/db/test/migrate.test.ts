import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkMigrated, migrate, serviceRole } from '../src/index.ts';
import { ensureServiceRole } from '../src/service-role.ts';
import { createEmptyDatabase, fixture } from './own-database.ts';

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
const log: string[] = [];

const run = (name: string, schema = 'dbtest') =>
  migrate({ url: database.url, migrations: [{ ...fixture(name), schema }], log: (line) => log.push(line) });
const check = (name: string) => checkMigrated({ url: database.url, migrations: [fixture(name)] });

beforeEach(async () => {
  log.length = 0;
  database = await createEmptyDatabase();
});
afterEach(() => database.drop());

it('applies what is missing, once, and says so', async () => {
  await run('first');
  await run('first');
  await run('second');
  expect(log).toEqual(['Schema dbtest: 1 migration applied.', 'Schema dbtest: 1 migration applied.']);
  expect(await database.admin`select title from dbtest.note`).toHaveLength(0);
});

it('is safe when several run at once', async () => {
  await Promise.all(Array.from({ length: 4 }, () => run('second')));
  expect(log).toEqual(['Schema dbtest: 2 migrations applied.']);
});

it('makes one plain role when several sessions of the cluster want it at once', async () => {
  const sessions = Array.from({ length: 6 }, () => postgres(database.url, { max: 1, onnotice: () => {} }));
  await Promise.all(sessions.map((sql) => sql`select 1`));
  for (let round = 0; round < 10; round += 1) {
    const schema = `r${randomBytes(6).toString('hex')}`;
    await Promise.all(sessions.map((sql) => ensureServiceRole(sql, schema)));
    const [role] = await database.admin`
      select rolsuper, rolcanlogin, rolbypassrls, rolcreaterole from pg_roles where rolname = ${serviceRole(schema)}`;
    expect(role).toEqual({ rolsuper: false, rolcanlogin: false, rolbypassrls: false, rolcreaterole: false });
    await database.admin.unsafe(`drop role ${serviceRole(schema)}`);
  }
  await Promise.all(sessions.map((sql) => sql.end()));
});

it('keeps nothing of a folder that fails half way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  cpSync(fixture('second').folder, folder, { recursive: true });
  writeFileSync(join(folder, '0001_titles.sql'), 'alter table dbtest.absent add column x int');
  await expect(
    migrate({ url: database.url, migrations: [{ schema: 'dbtest', folder }], log: () => {} }),
  ).rejects.toThrow();
  expect(await database.admin`select to_regclass('dbtest.note') as t`).toEqual([{ t: null }]);
  rmSync(folder, { recursive: true });
});

it('refuses a migration that was changed after it had been applied, and one dated before its predecessor', async () => {
  await run('first');
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  cpSync(fixture('second').folder, folder, { recursive: true });
  writeFileSync(join(folder, '0000_notes.sql'), 'select 1');
  const changed = migrate({ url: database.url, migrations: [{ schema: 'dbtest', folder }], log: () => {} });
  await expect(changed).rejects.toThrow('"0000_notes" was changed');

  const entries = [2, 1].map((when, idx) => ({
    idx,
    when,
    tag: idx === 0 ? '0000_notes' : '0001_titles',
    breakpoints: true,
  }));
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ version: '7', dialect: 'postgresql', entries }));
  await expect(checkMigrated({ url: database.url, migrations: [{ schema: 'dbtest', folder }] })).rejects.toThrow(
    'not later',
  );
  rmSync(folder, { recursive: true });
});

it('refuses to go on with a privileged role of that name', async () => {
  await database.admin.unsafe('create role scaivault_privileged bypassrls');
  await expect(run('first', 'privileged')).rejects.toThrow('BYPASSRLS');
  await database.admin.unsafe('drop role scaivault_privileged');
});

it('lets a login that is no superuser migrate', async () => {
  await database.admin.unsafe(
    `drop role if exists dbtest_operator; create role dbtest_operator login createrole password 'x'`,
  );
  const [{ name } = { name: '' }] = await database.admin<{ name: string }[]>`select current_database() as name`;
  await database.admin.unsafe(`grant create on database ${name} to dbtest_operator`);
  const url = Object.assign(new URL(database.url), { username: 'dbtest_operator', password: 'x' }).href;
  const schema = `o${Math.random().toString(36).slice(2, 10)}`;
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  cpSync(join(fixture('first').folder, 'meta'), join(folder, 'meta'), { recursive: true });
  writeFileSync(
    join(folder, '0000_notes.sql'),
    `create table ${schema}.t (n int); grant select on ${schema}.t to ${serviceRole(schema)}`,
  );
  await migrate({ url, migrations: [{ schema, folder }], log: () => {} });
  await migrate({ url, migrations: [{ schema, folder }], log: () => {} });
  await checkMigrated({ url, migrations: [{ schema, folder }] });
  await database.admin.unsafe(
    `drop owned by dbtest_operator, ${serviceRole(schema)}; drop role ${serviceRole(schema)}, dbtest_operator`,
  );
  rmSync(folder, { recursive: true });
});

it('lets a service see whether its schema is up to date', async () => {
  await expect(check('first')).rejects.toThrow('Run scaivault-migrate');
  await run('first');
  await check('first');
  await expect(check('second')).rejects.toThrow('lacks "0001_titles"');
  await run('second');
  await check('first');

  await database.admin.unsafe(`do $$ begin create role dbtest_reader; exception when duplicate_object then null; end $$;
    alter role dbtest_reader login password 'x'; grant scaivault_dbtest to dbtest_reader`);
  const url = Object.assign(new URL(database.url), { username: 'dbtest_reader', password: 'x' }).href;
  await checkMigrated({ url, migrations: [fixture('second')] });
});

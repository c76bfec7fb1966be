import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, serviceRole } from '../src/index.ts';
import { createMigratedDatabase, open } from './own-database.ts';

let database: Awaited<ReturnType<typeof createMigratedDatabase>>;

beforeAll(async () => {
  database = await createMigratedDatabase();
});
afterAll(() => database.drop());

const urlOf = (user: string, password: string): string =>
  Object.assign(new URL(database.url), { username: user, password }).href;

const opened = async (
  options: Parameters<typeof open>[1] & { url?: string },
  check: (db: ReturnType<typeof open>) => Promise<void>,
) => {
  const db = open(options.url ?? database.url, options);
  try {
    await check(db);
  } finally {
    await db.close();
  }
};

it('runs as the role of the service, in its schema, in UTC and with its limits', () =>
  opened({ statementTimeoutMs: 1234 }, async (db) => {
    expect(
      await db.sql`select current_user as role, current_schema() as schema, current_setting('TimeZone') as zone,
        current_setting('statement_timeout') as timeout, current_setting('application_name') as name`,
    ).toEqual([{ role: 'scaivault_dbtest', schema: 'dbtest', zone: 'UTC', timeout: '1234ms', name: 'dbtest' }]);
    await db.verifyRole();
  }));

it('runs as the role when that is the login itself, or an ordinary member of it', async () => {
  const logins = ['scaivault_dbtest', 'dbtest_member'];
  await database.admin.unsafe(`
    alter role scaivault_dbtest login password 'p@ss/word';
    do $$ begin create role dbtest_member; exception when duplicate_object then null; end $$;
    alter role dbtest_member login password 'p@ss/word'; grant scaivault_dbtest to dbtest_member;`);
  for (const login of logins) {
    await opened({ url: urlOf(login, 'p@ss/word') }, async (db) => {
      await db.verifyRole();
      expect(await db.sql`select session_user as login`).toEqual([{ login }]);
    });
  }
  await database.admin.unsafe('alter role scaivault_dbtest nologin');
});

it('refuses a superuser, a role that bypasses row-level security, and the owner of a table', async () => {
  const [login] = await database.admin<{ name: string }[]>`select current_user as name`;
  await opened({ role: login?.name ?? '' }, (db) => expect(db.verifyRole()).rejects.toThrow('superuser'));

  await database.admin.unsafe('create role dbtest_bypass bypassrls');
  await opened({ role: 'dbtest_bypass' }, (db) => expect(db.verifyRole()).rejects.toThrow('BYPASSRLS'));

  await database.admin.unsafe(
    'create role dbtest_owner; create table public.owned (); alter table public.owned owner to dbtest_owner',
  );
  await opened({ role: 'dbtest_owner' }, (db) => expect(db.verifyRole()).rejects.toThrow('public.owned'));
  await database.admin.unsafe('drop owned by dbtest_owner; drop role dbtest_owner, dbtest_bypass');
});

it('answers 503 when the login may not take the role, and when the password is wrong', async () => {
  await database.admin.unsafe(`create role dbtest_stranger login password 'x'`);
  const unavailable = { code: 'service_unavailable' };
  await opened({ url: urlOf('dbtest_stranger', 'x') }, (db) => expect(db.ping()).rejects.toMatchObject(unavailable));
  await opened({ url: urlOf('dbtest_stranger', 'wrong') }, (db) =>
    expect(db.ping()).rejects.toMatchObject({ ...unavailable, cause: { sqlState: '28P01' } }),
  );
  await database.admin.unsafe('drop role dbtest_stranger');
});

it('names the role after the schema', () => {
  expect(serviceRole('secrets')).toBe('scaivault_secrets');
});

it('takes no parameter from the URL or the environment', async () => {
  process.env.PGOPTIONS = '-c role=postgres';
  expect(() => openDatabase({ ...optionsFor(`${database.url}?role=postgres`) })).toThrow('parameter "role"');
  delete process.env.PGOPTIONS;
});

const optionsFor = (url: string) => ({
  url,
  role: 'scaivault_dbtest',
  schema: 'dbtest',
  applicationName: 'dbtest',
  poolSize: 1,
  statementTimeoutMs: 1000,
});

it('is a role without rights outside its schema', async () => {
  const other = postgres(database.url, { max: 1, connection: { role: 'scaivault_dbtest' }, onnotice: () => {} });
  await expect(other.unsafe('create table dbtest.mine ()')).rejects.toMatchObject({ code: '42501' });
  await expect(other.unsafe('alter table dbtest.note disable row level security')).rejects.toMatchObject({
    code: '42501',
  });
  await other.end();
});

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Migrations, migrate } from '@scaivault/db';
import postgres from 'postgres';
import { inject } from 'vitest';

export interface TestDatabase extends AsyncDisposable {
  /** `postgresql://…` of the login that owns everything in it. */
  readonly url: string;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

/** One at a time builds a template; any number, the same in every worker. */
const lockKey = 7_226_114;

const withDatabase = (url: string, name: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href;

const admins = new Map<string, postgres.Sql>();

/** The one session of this process that makes and removes databases; it ends with the process. */
const adminOf = (url: string): postgres.Sql => {
  const admin = admins.get(url) ?? postgres(url, { max: 1, max_lifetime: null, onnotice: () => {} });
  admins.set(url, admin);
  return admin;
};

const templateName = (migrations: readonly Migrations[]): string => {
  const hash = createHash('sha256');
  for (const { schema, folder } of migrations) {
    const journal = readFileSync(join(folder, 'meta/_journal.json'), 'utf8');
    hash.update(JSON.stringify([schema, journal]));
    const { entries } = JSON.parse(journal) as { entries: readonly { tag: string }[] };
    for (const { tag } of entries) hash.update(JSON.stringify(readFileSync(join(folder, `${tag}.sql`), 'utf8')));
  }
  return `scaivault_template_${hash.digest('hex').slice(0, 24)}`;
};

const exists = async (admin: postgres.Sql, name: string): Promise<boolean> =>
  (await admin`select from pg_database where datname = ${name}`).length > 0;

const buildTemplate = async (
  admin: postgres.Sql,
  name: string,
  url: string,
  migrations: readonly Migrations[],
): Promise<void> => {
  if (await exists(admin, name)) return;
  await admin`select pg_advisory_lock(${lockKey})`;
  try {
    if (await exists(admin, name)) return;
    // Under its final name only when complete.
    const unfinished = `${name}_unfinished`;
    await admin.unsafe(`drop database if exists ${unfinished} with (force)`);
    await admin.unsafe(`create database ${unfinished}`);
    await migrate({ url: withDatabase(url, unfinished), migrations, log: () => {} });
    await admin.unsafe(`alter database ${unfinished} rename to ${name}`);
  } finally {
    await admin`select pg_advisory_unlock(${lockKey})`;
  }
};

/** Known to be there, or being made: the lock is one of sessions, so it does not part those who ask in one process. */
const templates = new Map<string, Promise<void>>();

const ensureTemplate = async (admin: postgres.Sql, url: string, migrations: readonly Migrations[]): Promise<string> => {
  const name = templateName(migrations);
  const template = templates.get(name) ?? buildTemplate(admin, name, url, migrations);
  templates.set(name, template);
  await template;
  return name;
};

/**
 * A database of its own for one suite, with those migrations applied: a copy of a template that the first suite of the
 * run builds. Lives in the PostgreSQL of the run (see vitest-global-setup.ts).
 */
export const createTestDatabase = async ({
  migrations,
}: {
  readonly migrations: readonly Migrations[];
}): Promise<TestDatabase> => {
  const base = inject('databaseUrl');
  const name = `scaivault_test_${randomBytes(8).toString('hex')}`;
  const admin = adminOf(base);
  const template = await ensureTemplate(admin, base, migrations);
  // Copying its files takes a third of the work of writing each page to the log, which nobody needs of this PostgreSQL.
  await admin.unsafe(`create database ${name} template ${template} strategy file_copy`);
  const drop = async (): Promise<void> => {
    await admin.unsafe(`drop database if exists ${name} with (force)`);
  };
  return { url: withDatabase(base, name), drop, [Symbol.asyncDispose]: drop };
};

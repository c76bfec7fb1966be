import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { ScopeId } from '@scaivault/tenancy';
import postgres from 'postgres';
import { inject } from 'vitest';
import { type Database, type DatabaseOptions, migrate, openDatabase } from '../src/index.ts';

export const fixture = (name: string): { schema: string; folder: string } => ({
  schema: 'dbtest',
  folder: fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)),
});

export const scope = (name: string): ScopeId => `t:${name}` as ScopeId;

/** An empty database in the PostgreSQL of the test run; what testkit does for services, which db itself cannot use. */
export const createEmptyDatabase = async (): Promise<{
  url: string;
  admin: postgres.Sql;
  drop: () => Promise<void>;
}> => {
  const base = inject('databaseUrl');
  const name = `scaivault_dbtest_${randomBytes(6).toString('hex')}`;
  const owner = postgres(base, { max: 1, onnotice: () => {} });
  await owner.unsafe(`create database ${name}`);
  const url = Object.assign(new URL(base), { pathname: `/${name}` }).href;
  const admin = postgres(url, { max: 2, onnotice: () => {} });
  return {
    url,
    admin,
    drop: async () => {
      await admin.end();
      await owner.unsafe(`drop database ${name} with (force)`);
      await owner.end();
    },
  };
};

export const createMigratedDatabase = async () => {
  const database = await createEmptyDatabase();
  await migrate({ url: database.url, migrations: [fixture('first')], log: () => {} });
  return database;
};

export const open = (url: string, options: Partial<DatabaseOptions> = {}): Database =>
  openDatabase({
    url,
    role: 'scaivault_dbtest',
    schema: 'dbtest',
    applicationName: 'dbtest',
    poolSize: 4,
    statementTimeoutMs: 5_000,
    ...options,
  });

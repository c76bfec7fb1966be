import type postgres from 'postgres';
import { readMigrationState } from './applied-migrations.ts';
import { checkedSchema, type Migrations, migrationsTable } from './migration-folder.ts';
import { openOperatorSession } from './operator-session.ts';
import { ensureServiceRole, serviceRole } from './service-role.ts';

export interface MigrateOptions {
  /** The login that will own schemas and tables; not a service's role. */
  readonly url: string;
  readonly caFile?: string;
  readonly migrations: readonly Migrations[];
  readonly log: (line: string) => void;
}

/** Any number, the same in every release: two that migrate one database at once take turns. */
const lockKey = 7_226_113;
/** A change that cannot get its table lock in this time gives up rather than hold up every query behind it. */
const lockTimeout = '30s';

const applySchema = async (sql: postgres.Sql, migrations: Migrations): Promise<number> => {
  const schema = checkedSchema(migrations.schema);
  const role = serviceRole(schema);
  await ensureServiceRole(sql, schema);
  await sql.unsafe(`create schema if not exists ${schema}; grant usage on schema ${schema} to ${role}`);

  const { missing, altered } = await readMigrationState(sql, migrations);
  const [changed] = altered;
  if (changed !== undefined) {
    throw new Error(
      `${schema}: the migration "${changed.name}" was changed after it had been applied. Add a new one instead.`,
    );
  }
  if (missing.length === 0) return 0;
  // Loaded only when there is something to apply: it costs 400 ms and 150 MB, which no later start shall pay.
  const { drizzle } = await import('drizzle-orm/postgres-js');
  const { migrate: applyFolder } = await import('drizzle-orm/postgres-js/migrator');
  await applyFolder(drizzle(sql), {
    migrationsFolder: migrations.folder,
    migrationsSchema: schema,
    migrationsTable,
  });
  // The service itself may look whether its schema is up to date.
  await sql.unsafe(`grant select on ${schema}.${migrationsTable} to ${role}`);
  return missing.length;
};

/**
 * Brings every schema up to date, one after the other, each folder in one transaction; creates schema and role
 * (`scaivault_<schema>`) where absent. Runs as the login user, who owns what it makes; waits while another process
 * migrates the same database. Errors are the driver's own, meant for the operator.
 */
export const migrate = async ({ migrations, log, ...connection }: MigrateOptions): Promise<void> => {
  await using session = openOperatorSession(connection, 'scaivault-migrate');
  const { sql } = session;
  await sql`select pg_advisory_lock(${lockKey})`;
  await sql.unsafe(`set lock_timeout = '${lockTimeout}'`);
  for (const each of migrations) {
    const applied = await applySchema(sql, each);
    if (applied > 0) log(`Schema ${each.schema}: ${applied} migration${applied === 1 ? '' : 's'} applied.`);
  }
};

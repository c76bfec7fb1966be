import type postgres from 'postgres';
import {
  checkedSchema,
  type MigrationFile,
  type Migrations,
  migrationsTable,
  readMigrationFolder,
} from './migration-folder.ts';

export interface MigrationState {
  readonly missing: readonly MigrationFile[];
  /** Applied, but with another text than the file has now. */
  readonly altered: readonly MigrationFile[];
}

const appliedHashes = async (sql: postgres.Sql, schema: string): Promise<ReadonlyMap<number, string>> => {
  const table = `${checkedSchema(schema)}.${migrationsTable}`;
  const [found] = await sql<{ exists: boolean }[]>`select to_regclass(${table}) is not null as exists`;
  if (!found?.exists) return new Map();
  const rows = await sql<{ hash: string; created_at: string }[]>`select hash, created_at from ${sql(table)}`;
  return new Map(rows.map(({ hash, created_at: when }) => [Number(when), hash]));
};

/** How the database stands to a folder of migrations. Migrations the folder does not know are none of its business. */
export const readMigrationState = async (
  sql: postgres.Sql,
  { schema, folder }: Migrations,
): Promise<MigrationState> => {
  const applied = await appliedHashes(sql, schema);
  const files = readMigrationFolder(folder);
  return {
    missing: files.filter(({ when }) => !applied.has(when)),
    altered: files.filter(({ when, hash }) => applied.has(when) && applied.get(when) !== hash),
  };
};

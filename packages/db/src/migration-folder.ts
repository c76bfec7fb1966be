import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One service's migrations: its schema and the folder with `meta/_journal.json` and `NNNN_name.sql` files. */
export interface Migrations {
  readonly schema: string;
  readonly folder: string;
}

export interface MigrationFile {
  readonly name: string;
  /** The journal's `when`: what the bookkeeping table knows a migration by. */
  readonly when: number;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
}

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

/** The table in each schema that remembers what was applied. */
export const migrationsTable = 'migrations';

const schemaName = /^[a-z][a-z0-9_]{0,50}$/;

/** `schema` as it may stand in SQL unquoted; throws for anything else. */
export const checkedSchema = (schema: string): string => {
  if (!schemaName.test(schema)) throw new Error(`"${schema}" is no name for a schema.`);
  return schema;
};

/** The migrations of a folder, oldest first. */
export const readMigrationFolder = (folder: string): readonly MigrationFile[] => {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as Journal;
  return entries.map(({ tag, when }, index) => {
    const before = entries[index - 1];
    // The migrator applies what is newer than the newest applied one, so one that is older would be passed over.
    if (before !== undefined && before.when >= when) {
      throw new Error(`${folder}: "${tag}" is not later than "${before.tag}" in meta/_journal.json.`);
    }
    const text = readFileSync(join(folder, `${tag}.sql`), 'utf8');
    return { name: tag, when, hash: createHash('sha256').update(text).digest('hex') };
  });
};

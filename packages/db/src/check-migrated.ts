import { readMigrationState } from './applied-migrations.ts';
import type { Migrations } from './migration-folder.ts';
import { openOperatorSession } from './operator-session.ts';

export interface CheckMigratedOptions {
  readonly url: string;
  readonly caFile?: string;
  readonly migrations: readonly Migrations[];
}

/**
 * Resolves when the database has every migration this code knows (DATABASE_MIGRATE=check, rest-api-dynamic-ops 3); an
 * Error that tells the operator what to run when it lacks one. A newer database passes: releases overlap by one.
 */
export const checkMigrated = async ({ migrations, ...connection }: CheckMigratedOptions): Promise<void> => {
  await using session = openOperatorSession(connection, 'scaivault-check-migrated');
  for (const each of migrations) {
    const { missing } = await readMigrationState(session.sql, each);
    const [first] = missing;
    if (first !== undefined) {
      throw new Error(
        `The schema "${each.schema}" is out of date: it lacks "${first.name}"${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}. ` +
          'Run scaivault-migrate with a login that owns the schema, or start with DATABASE_MIGRATE=auto.',
      );
    }
  }
};

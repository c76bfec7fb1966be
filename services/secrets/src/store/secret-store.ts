import type { Database } from '@scaivault/db';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { SecretFacts } from '../domain/secret.ts';
import type { SecretStore } from '../ports.ts';
import { createReadVersion } from './read-version.ts';
import { scanSecrets } from './scan-secrets.ts';
import {
  advanceSecret,
  eraseGone,
  eraseSecret,
  insertSecret,
  lockSecret,
  secretColumns,
  selectSecret,
  setDeletedAt,
} from './secret-table.ts';
import { replaceTags } from './secret-tag-table.ts';
import { countKeptVersions, insertVersion, pruneVersions, selectVersions } from './version-table.ts';

/** Secrets in PostgreSQL. */
export const createSecretStore = (db: Pick<Database, 'sql' | 'withScope'>): SecretStore => ({
  read: createReadVersion(db.sql),

  async head(scope, path) {
    const [row] = await db.sql<SecretFacts[]>`
      select ${secretColumns(db.sql)} from read_head(${scopeId(scope)}, ${path}) as s`;
    return row;
  },

  append: (scope, path, next, goneSinceMicros) =>
    db.withScope(scopeId(scope), async (tx) => {
      if (next.version === 1) await eraseGone(tx, scope, path, goneSinceMicros);
      const facts = await (next.version === 1 ? insertSecret : advanceSecret)(tx, scope, path, next);
      if (facts === undefined) return undefined;
      await insertVersion(tx, scope, path, next, facts);
      await pruneVersions(tx, scope, path, facts, next.createdAtMicros);
      if (next.metadata !== undefined) await replaceTags(tx, scope, path, next.metadata.tags);
      return facts;
    }),

  hold: (scope, path, work) =>
    db.withScope(scopeId(scope), async (tx) => {
      const facts = await lockSecret(tx, scope, path);
      if (facts === undefined) return await work(undefined);
      return await work({
        facts,
        countVersions: () => countKeptVersions(tx, scope, path, facts.currentVersion),
        markDeleted: (atMicros) => setDeletedAt(tx, scope, path, atMicros),
        unmarkDeleted: () => setDeletedAt(tx, scope, path, null),
        erase: () => eraseSecret(tx, scope, path),
      });
    }),

  versions: (scope: Scope, path: SecretPath, before, limit) =>
    db.withScope(scopeId(scope), async (tx) => {
      const facts = await selectSecret(tx, scope, path);
      return facts === undefined
        ? undefined
        : { facts, versions: await selectVersions(tx, scope, path, before, limit) };
    }),

  scan: (scope, scan) => db.withScope(scopeId(scope), (tx) => scanSecrets(tx, scope, scan)),
});

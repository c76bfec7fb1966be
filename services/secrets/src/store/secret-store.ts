import type { Database } from '@scaivault/db';
import { scopeId } from '@scaivault/tenancy';
import type { SecretStore } from '../ports.ts';
import { createAppendVersion } from './append-version.ts';
import { describeSecrets } from './describe-secrets.ts';
import { holdSecret } from './held-secret.ts';
import { orPolicyGone } from './or-policy-gone.ts';
import { createReadHead } from './read-head.ts';
import { createReadVersion } from './read-version.ts';
import { scanExpiring } from './scan-expiring.ts';
import { scanSecrets } from './scan-secrets.ts';
import { lockSecret, selectSecret } from './secret-table.ts';
import { selectVersion, selectVersions } from './version-table.ts';

/** Secrets in PostgreSQL. */
export const createSecretStore = (db: Pick<Database, 'sql' | 'withScope'>): SecretStore => ({
  ...createReadVersion(db.sql),

  head: createReadHead(db.sql),

  describe: (scope, paths) => db.withScope(scopeId(scope), (tx) => describeSecrets(tx, scope, paths)),

  append: createAppendVersion(db),

  hold(scope, path, work, once) {
    const owner = scopeId(scope);
    const writing = db.withScope(owner, async (tx) => {
      const facts = await lockSecret(tx, owner, path);
      const result = await work(facts === undefined ? undefined : holdSecret(tx, owner, path, facts));
      await once?.commit(tx);
      return result;
    });
    return orPolicyGone(writing);
  },

  versions(scope, path, before, limit) {
    const owner = scopeId(scope);
    return db.withScope(owner, async (tx) => {
      const facts = await selectSecret(tx, owner, path);
      return facts === undefined
        ? undefined
        : { facts, versions: await selectVersions(tx, owner, path, before, limit) };
    });
  },

  version(scope, path, version) {
    const owner = scopeId(scope);
    return db.withScope(owner, (tx) => selectVersion(tx, owner, path, version));
  },

  scan: (scope, scan) => db.withScope(scopeId(scope), (tx) => scanSecrets(tx, scope, scan)),

  scanExpiring: (scope, scan) => db.withScope(scopeId(scope), (tx) => scanExpiring(tx, scope, scan)),
});

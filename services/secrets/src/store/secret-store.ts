import { type Database, isForeignKeyViolation, type Tx } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import { type ScopeId, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { SecretFacts } from '../domain/secret.ts';
import { secretPolicyNotFound } from '../domain/secret-policies/refusals.ts';
import type { NewVersion, SecretStore } from '../ports.ts';
import { describeSecrets } from './describe-secrets.ts';
import { eraseSecret, holdSecret } from './held-secret.ts';
import { adoptObject } from './loose-object-table.ts';
import { createReadVersion } from './read-version.ts';
import { insertRotation } from './rotation-table.ts';
import { scanExpiring } from './scan-expiring.ts';
import { scanSecrets } from './scan-secrets.ts';
import {
  advanceSecret,
  insertSecret,
  lockGone,
  lockSecret,
  type SecretRow,
  secretColumns,
  selectSecret,
  settleDue,
  toFacts,
} from './secret-table.ts';
import { replaceTags } from './secret-tag-table.ts';
import { tellEvents } from './tell-events.ts';
import { insertVersion, openGrace, pruneVersions, selectVersion, selectVersions } from './version-table.ts';

/** The write took longer than its object was kept for it. */
const objectGone = (): VaultError =>
  new VaultError('service_unavailable', 'The write took too long. Try again.', { retryAfterSeconds: 1 });

/** The version's row and all that hangs on it, once the secret's row has moved on to it. */
const addVersion = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  next: NewVersion,
  facts: SecretFacts,
): Promise<void> => {
  const { objectKey } = next.sealed;
  if (objectKey !== null && !(await adoptObject(tx, owner, objectKey))) throw objectGone();
  await insertVersion(tx, owner, path, next, facts);
  if (next.rotation !== undefined) {
    await openGrace(tx, owner, path, next.version, next.rotation.graceEndsAtMicros);
    await insertRotation(tx, owner, path, next, next.rotation);
  }
  await pruneVersions(tx, owner, path, facts, next.createdAtMicros);
  if (next.metadata !== undefined) await replaceTags(tx, owner, path, next.metadata.tags);
  await settleDue(tx, owner, path, facts, next.createdAtMicros);
  tellEvents(tx, owner, path, next.events(facts));
};

/** A secret policy that was deleted between its look-up and the write that attaches it. */
const orPolicyGone = async <Result>(writing: Promise<Result>): Promise<Result> => {
  try {
    return await writing;
  } catch (error) {
    throw isForeignKeyViolation(error, 'secret_by_policy') ? secretPolicyNotFound() : error;
  }
};

/** Secrets in PostgreSQL. */
export const createSecretStore = (db: Pick<Database, 'sql' | 'withScope'>): SecretStore => ({
  ...createReadVersion(db.sql),

  async head(scope, path) {
    const [row] = await db.sql<SecretRow[]>`
      select ${secretColumns(db.sql)} from read_head(${scopeId(scope)}, ${path}) as s`;
    return row === undefined ? undefined : toFacts(row);
  },

  describe: (scope, paths) => db.withScope(scopeId(scope), (tx) => describeSecrets(tx, scope, paths)),

  append(scope, path, next, goneSinceMicros, once) {
    const owner = scopeId(scope);
    const writing = db.withScope(owner, async (tx) => {
      if (next.version === 1 && (await lockGone(tx, owner, path, goneSinceMicros)))
        await eraseSecret(tx, owner, path, next.createdAtMicros);
      const facts = await (next.version === 1 ? insertSecret : advanceSecret)(tx, owner, path, next);
      if (facts === undefined) return undefined;
      await addVersion(tx, owner, path, next, facts);
      await once?.commit(tx);
      return facts;
    });
    return orPolicyGone(writing);
  },

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

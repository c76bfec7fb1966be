import { createGather, type Database, DatabaseError, type Tx } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import type { Once } from '@scaivault/pipeline';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import type { SecretFacts } from '../domain/secret.ts';
import type { SecretStore } from '../ports.ts';
import { eraseSecret } from './held-secret.ts';
import { adoptObject } from './loose-object-table.ts';
import { orPolicyGone } from './or-policy-gone.ts';
import { advanceSecrets, insertSecrets, isPlain, type PathVersion } from './plain-versions.ts';
import { insertRotation } from './rotation-table.ts';
import { advanceSecret, insertSecret, lockGone, settleDue } from './secret-table.ts';
import { replaceTags } from './secret-tag-table.ts';
import { tellEvents } from './tell-events.ts';
import { insertVersions, openGrace, pruneVersions, type WrittenVersion } from './version-table.ts';

interface Append extends PathVersion {
  /** A secret deleted until then gives its path away. */
  readonly goneSinceMicros: number;
}

/** The write took longer than its object was kept for it. */
const objectGone = (): VaultError =>
  new VaultError('service_unavailable', 'The write took too long. Try again.', { retryAfterSeconds: 1 });

/** What one version has that a plain one has not. */
const addRest = async (tx: Tx, owner: ScopeId, { path, next, facts }: WrittenVersion): Promise<void> => {
  const { objectKey } = next.sealed;
  if (objectKey !== null && !(await adoptObject(tx, owner, objectKey))) throw objectGone();
  if (next.rotation !== undefined) {
    await openGrace(tx, owner, path, next.version, next.rotation.graceEndsAtMicros);
    await insertRotation(tx, owner, path, next, next.rotation);
  }
  if (next.metadata !== undefined) await replaceTags(tx, owner, path, next.metadata.tags);
  await settleDue(tx, owner, path, facts, next.createdAtMicros);
};

/** The versions' rows and all that hangs on them, once the secrets' rows have moved on to them. */
const addVersions = async (tx: Tx, owner: ScopeId, written: readonly WrittenVersion[]): Promise<void> => {
  const [first] = written;
  if (first === undefined) return;
  tx.send(insertVersions(tx, owner, written));
  for (const version of written) await addRest(tx, owner, version);
  const pruned = pruneVersions(tx, owner, written, first.next.createdAtMicros);
  if (pruned !== undefined) tx.send(pruned);
  tellEvents(
    tx,
    owner,
    written.map(({ path, next, facts }) => ({ path, events: next.events(facts) })),
  );
};

const isFirst = ({ next }: PathVersion): boolean => next.version === 1;

const appendPlain = async (
  tx: Tx,
  owner: ScopeId,
  versions: readonly PathVersion[],
): Promise<ReadonlyMap<PathVersion, SecretFacts>> => {
  // All who make several rows do it in this order, so that no two wait for each other.
  const inOrder = versions.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const { made = [], moved = [] } = Object.groupBy(inOrder, (version) => (isFirst(version) ? 'made' : 'moved'));
  const [firsts, others] = await Promise.all([insertSecrets(tx, owner, made), advanceSecrets(tx, owner, moved)]);
  const facts = [...firsts, ...others];
  const found = new Map<PathVersion, SecretFacts>();
  [...made, ...moved].forEach((version, index) => {
    const { [index]: of } = facts;
    if (of !== undefined) found.set(version, of);
  });
  await addVersions(
    tx,
    owner,
    [...found].map(([version, of]) => ({ ...version, facts: of })),
  );
  return found;
};

/**
 * Adds versions. Plain ones that come together are one transaction, and each still stands alone: one that loses against
 * somebody else leaves the others be, and when the whole is refused, each is tried by itself.
 */
export const createAppendVersion = (db: Pick<Database, 'withScope'>): SecretStore['append'] => {
  const appendAlone = (
    owner: ScopeId,
    { path, next, goneSinceMicros }: Append,
    once?: Once,
  ): Promise<SecretFacts | undefined> => {
    const writing = db.withScope(owner, async (tx) => {
      if (next.version === 1 && (await lockGone(tx, owner, path, goneSinceMicros)))
        await eraseSecret(tx, owner, path, next.createdAtMicros);
      const facts = await (next.version === 1 ? insertSecret : advanceSecret)(tx, owner, path, next);
      if (facts === undefined) return undefined;
      await addVersions(tx, owner, [{ path, next, facts }]);
      await once?.commit(tx);
      return facts;
    });
    return orPolicyGone(writing);
  };

  const appendTogether = async (owner: ScopeId, appends: readonly Append[]) => {
    const facts = await db.withScope(owner, (tx) => appendPlain(tx, owner, appends), { isGuarded: true });
    // One that did not come through has lost, waits for a lock, or is behind a deleted secret: by itself it finds out.
    return appends.map((append) => facts.get(append) ?? appendAlone(owner, append));
  };

  const gather = createGather<Append, SecretFacts | undefined>({
    run: async (group, appends) => {
      const owner = group as ScopeId;
      try {
        return await appendTogether(owner, appends);
      } catch (error) {
        // Only where the server has said that nothing was done; a lost connection does not say.
        if (appends.length === 1 || !(error instanceof DatabaseError)) throw error;
        return appends.map((append) => appendAlone(owner, append));
      }
    },
  });

  return (scope, path, next, goneSinceMicros, once) => {
    const append = { path, next, goneSinceMicros };
    return once === undefined && isPlain(next)
      ? gather(scopeId(scope), append)
      : appendAlone(scopeId(scope), append, once);
  };
};

import type { Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import type { SecretFacts } from '../domain/secret.ts';
import type { HeldSecret } from '../ports.ts';
import { changeSecret, deleteSecretRow, setDeletedAt, settleDue } from './secret-table.ts';
import { replaceTags } from './secret-tag-table.ts';
import { tellEvents } from './tell-events.ts';
import { destroyVersions, keptVersions, loosenObjects, pruneVersions, setVersionExpiry } from './version-table.ts';

/** Erases a secret whose row is locked, with everything that hangs on it. */
export const eraseSecret = async (tx: Tx, owner: ScopeId, path: SecretPath, atMicros: number): Promise<void> => {
  await loosenObjects(tx, owner, path, atMicros);
  await deleteSecretRow(tx, owner, path);
};

/** What can be done to a secret whose row is locked in this transaction; `facts` are those of the row. */
export const holdSecret = (tx: Tx, owner: ScopeId, path: SecretPath, facts: SecretFacts): HeldSecret => ({
  facts,
  keptVersions: () => keptVersions(tx, owner, path),
  async change(changes, atMicros) {
    const changed = await changeSecret(tx, owner, path, changes, atMicros);
    if (changes.expiresAtMicros !== undefined)
      await setVersionExpiry(tx, owner, path, changed.currentVersion, changes.expiresAtMicros);
    if (changes.maxVersions !== undefined) await pruneVersions(tx, owner, [{ path, facts: changed }], atMicros);
    if (changes.metadata !== undefined) await replaceTags(tx, owner, path, changes.metadata.tags);
    // Any other change leaves these times alone, and with them a notice that is due and not given yet.
    if (changes.expiresAtMicros !== undefined || changes.notifyBefore !== undefined)
      await settleDue(tx, owner, path, changed, atMicros);
    return changed;
  },
  async destroy(versions, atMicros) {
    await destroyVersions(tx, owner, path, versions, atMicros);
  },
  async markDeleted(atMicros) {
    await setDeletedAt(tx, owner, path, atMicros);
    await settleDue(tx, owner, path, { ...facts, deletedAtMicros: atMicros }, atMicros);
  },
  async unmarkDeleted(atMicros) {
    await setDeletedAt(tx, owner, path, null);
    await settleDue(tx, owner, path, { ...facts, deletedAtMicros: null }, atMicros);
  },
  settle: (nowMicros) => settleDue(tx, owner, path, facts, nowMicros),
  erase: (atMicros) => eraseSecret(tx, owner, path, atMicros),
  tell: (events) => tellEvents(tx, owner, [{ path, events }]),
});

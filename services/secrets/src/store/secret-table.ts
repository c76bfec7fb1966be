import type { SqlTag, Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import { nextDue } from '../domain/due.ts';
import { defaultNotifyBefore } from '../domain/notice-times.ts';
import { defaultMaxVersions } from '../domain/retention.ts';
import type { SecretFacts } from '../domain/secret.ts';
import { noMetadata } from '../domain/secret-metadata.ts';
import type { NewVersion, SecretChanges } from '../ports.ts';

export const defaultType = 'kv';

/** The columns of SecretFacts, of a row source called `s`. */
export const secretColumns = (sql: SqlTag) => sql`
  s.secret_type as "secretType", s.current_version as "currentVersion", s.max_versions as "maxVersions",
  s.metadata as "metadata", s.tags as "tags", s.metadata_revision as "metadataRevision", s.created_at as "createdAtMicros",
  s.updated_at as "updatedAtMicros", s.expires_at as "expiresAtMicros",
  s.last_accessed_at as "lastAccessedAtMicros", s.deleted_at as "deletedAtMicros",
  s.notify_before as "notifyBefore", s.secret_policy_scope as "secretPolicyScope",
  s.secret_policy_id as "secretPolicyId", s.due_at as "dueAtMicros"`;

/** A row of these columns. */
export interface SecretRow extends Omit<SecretFacts, 'secretPolicy'> {
  readonly secretPolicyScope: ScopeId | null;
  readonly secretPolicyId: string | null;
}

export const toFacts = <Extra extends SecretRow>({
  secretPolicyScope,
  secretPolicyId,
  ...rest
}: Extra): Omit<Extra, 'secretPolicyScope' | 'secretPolicyId'> & SecretFacts => ({
  ...rest,
  secretPolicy:
    secretPolicyScope === null || secretPolicyId === null ? null : { scopeId: secretPolicyScope, id: secretPolicyId },
});

const factsOf = ([row]: readonly SecretRow[]): SecretFacts | undefined =>
  row === undefined ? undefined : toFacts(row);

/** Makes the row of a first version; undefined when there is a row already. */
export const insertSecret = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  next: NewVersion,
): Promise<SecretFacts | undefined> => {
  const metadata = next.metadata ?? noMetadata;
  return factsOf(
    await tx<SecretRow[]>`
    insert into secret as s (
      scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags, notify_before,
      secret_policy_scope, secret_policy_id, created_at, updated_at, expires_at
    ) values (
      ${owner}, ${path}, ${next.secretType ?? defaultType}, ${next.version},
      ${next.maxVersions ?? defaultMaxVersions}, ${metadata.text}, 1, ${[...metadata.tags]}::text[],
      ${[...(next.notifyBefore ?? defaultNotifyBefore)]}::text[],
      ${next.secretPolicy?.scopeId ?? null}, ${next.secretPolicy?.id ?? null},
      ${next.createdAtMicros}, ${next.createdAtMicros}, ${next.expiresAtMicros}
    )
    on conflict do nothing
    returning ${secretColumns(tx)}`,
  );
};

/** The assignments of what a change names; everything else keeps its value. */
const assignments = (tx: Tx, { secretType, maxVersions, metadata, notifyBefore, secretPolicy }: SecretChanges) => tx`
  secret_type = coalesce(${secretType ?? null}, s.secret_type),
  max_versions = coalesce(${maxVersions ?? null}, s.max_versions),
  metadata = coalesce(${metadata?.text ?? null}, s.metadata),
  tags = coalesce(${metadata === undefined ? null : [...metadata.tags]}::text[], s.tags),
  notify_before = coalesce(${notifyBefore === undefined ? null : [...notifyBefore]}::text[], s.notify_before),
  secret_policy_scope = ${secretPolicy === undefined ? tx`s.secret_policy_scope` : tx`${secretPolicy?.scopeId ?? null}`},
  secret_policy_id = ${secretPolicy === undefined ? tx`s.secret_policy_id` : tx`${secretPolicy?.id ?? null}`}`;

/** Whether a write changes what a new version alone does not (rest-api-core 1.7, `m` tags). */
const changesMetadata = ({ metadata, maxVersions, notifyBefore, secretPolicy }: SecretChanges): boolean =>
  metadata !== undefined || maxVersions !== undefined || notifyBefore !== undefined || secretPolicy !== undefined;

/** Moves the row on to the next version; undefined when it is not at the one before, or is deleted. */
export const advanceSecret = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  next: NewVersion,
): Promise<SecretFacts | undefined> =>
  factsOf(
    await tx<SecretRow[]>`
    update secret as s set
      ${assignments(tx, next)},
      current_version = ${next.version},
      metadata_revision = s.metadata_revision + ${changesMetadata(next) ? 1 : 0},
      updated_at = ${next.createdAtMicros},
      expires_at = ${next.expiresAtMicros}
    where s.scope_id = ${owner} and s.path = ${path}
      and s.current_version = ${next.version - 1} and s.deleted_at is null
    returning ${secretColumns(tx)}`,
  );

/** Changes a row that is locked, without a new version. */
export const changeSecret = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  changes: SecretChanges,
  atMicros: number,
): Promise<SecretFacts> => {
  const { expiresAtMicros } = changes;
  const facts = factsOf(
    await tx<SecretRow[]>`
    update secret as s set
      ${assignments(tx, changes)},
      metadata_revision = s.metadata_revision + 1,
      updated_at = ${atMicros},
      expires_at = ${expiresAtMicros === undefined ? tx`s.expires_at` : tx`${expiresAtMicros}`}
    where s.scope_id = ${owner} and s.path = ${path}
    returning ${secretColumns(tx)}`,
  );
  if (facts === undefined) throw new Error('A locked secret is not there.');
  return facts;
};

/** Writes down when something next happens to the secret by itself; nothing to do for most. */
export const settleDue = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  facts: SecretFacts,
  nowMicros: number,
): Promise<void> => {
  const dueAtMicros = nextDue(facts, nowMicros);
  if (dueAtMicros === facts.dueAtMicros) return;
  await tx`update secret set due_at = ${dueAtMicros} where scope_id = ${owner} and path = ${path}`;
};

/** Erases the row and, by its foreign keys, everything that hangs on it. */
export const deleteSecretRow = async (tx: Tx, owner: ScopeId, path: SecretPath): Promise<void> => {
  await tx`delete from secret where scope_id = ${owner} and path = ${path}`;
};

/** True when the path holds a secret that nobody can restore any more; it is locked then. */
export const lockGone = async (tx: Tx, owner: ScopeId, path: SecretPath, sinceMicros: number): Promise<boolean> => {
  const [row] = await tx`
    select 1 from secret where scope_id = ${owner} and path = ${path} and deleted_at <= ${sinceMicros}
    for update`;
  return row !== undefined;
};

export const selectSecret = async (tx: Tx, owner: ScopeId, path: SecretPath): Promise<SecretFacts | undefined> =>
  factsOf(
    await tx<SecretRow[]>`
    select ${secretColumns(tx)} from secret as s where s.scope_id = ${owner} and s.path = ${path}`,
  );

/** The row, locked until the transaction ends. */
export const lockSecret = async (tx: Tx, owner: ScopeId, path: SecretPath): Promise<SecretFacts | undefined> =>
  factsOf(
    await tx<SecretRow[]>`
    select ${secretColumns(tx)} from secret as s where s.scope_id = ${owner} and s.path = ${path} for update`,
  );

/** The same without waiting: undefined also while somebody else has it locked. */
export const lockFreeSecret = async (tx: Tx, owner: ScopeId, path: SecretPath): Promise<SecretFacts | undefined> =>
  factsOf(
    await tx<SecretRow[]>`
    select ${secretColumns(tx)} from secret as s where s.scope_id = ${owner} and s.path = ${path}
    for update skip locked`,
  );

export const setDeletedAt = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  atMicros: number | null,
): Promise<void> => {
  await tx`update secret set deleted_at = ${atMicros} where scope_id = ${owner} and path = ${path}`;
};

import type { SqlTag, Tx } from '@scaivault/db';
import type { Scope, SecretPath } from '@scaivault/tenancy';
import { scopeId } from '@scaivault/tenancy';
import { defaultMaxVersions } from '../domain/retention.ts';
import type { SecretFacts } from '../domain/secret.ts';
import { noMetadata } from '../domain/secret-metadata.ts';
import type { NewVersion } from '../ports.ts';

const defaultType = 'kv';

/** The columns of SecretFacts, of a row source called `s`. */
export const secretColumns = (sql: SqlTag) => sql`
  s.secret_type as "secretType", s.current_version as "currentVersion", s.max_versions as "maxVersions",
  s.metadata as "metadata", s.metadata_revision as "metadataRevision", s.created_at as "createdAtMicros",
  s.updated_at as "updatedAtMicros", s.expires_at as "expiresAtMicros",
  s.last_accessed_at as "lastAccessedAtMicros", s.deleted_at as "deletedAtMicros"`;

/** Makes the row of a first version; undefined when there is a row already. */
export const insertSecret = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  next: NewVersion,
): Promise<SecretFacts | undefined> => {
  const metadata = next.metadata ?? noMetadata;
  const [row] = await tx<SecretFacts[]>`
    insert into secret as s (
      scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags,
      created_at, updated_at, expires_at
    ) values (
      ${scopeId(scope)}, ${path}, ${next.secretType ?? defaultType}, ${next.version},
      ${next.maxVersions ?? defaultMaxVersions}, ${metadata.text}, 1, ${[...metadata.tags]}::text[],
      ${next.createdAtMicros}, ${next.createdAtMicros}, ${next.expiresAtMicros}
    )
    on conflict do nothing
    returning ${secretColumns(tx)}`;
  return row;
};

/** Moves the row on to the next version; undefined when it is not at the one before, or is deleted. */
export const advanceSecret = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  next: NewVersion,
): Promise<SecretFacts | undefined> => {
  const [row] = await tx<SecretFacts[]>`
    update secret as s set
      current_version = ${next.version},
      secret_type = coalesce(${next.secretType ?? null}, s.secret_type),
      max_versions = coalesce(${next.maxVersions ?? null}, s.max_versions),
      metadata = coalesce(${next.metadata?.text ?? null}, s.metadata),
      metadata_revision = s.metadata_revision + ${next.metadata === undefined ? 0 : 1},
      tags = coalesce(${next.metadata === undefined ? null : [...next.metadata.tags]}::text[], s.tags),
      updated_at = ${next.createdAtMicros},
      expires_at = ${next.expiresAtMicros}
    where s.scope_id = ${scopeId(scope)} and s.path = ${path}
      and s.current_version = ${next.version - 1} and s.deleted_at is null
    returning ${secretColumns(tx)}`;
  return row;
};

/** Erases a secret that nobody can restore any more, with everything that hangs on it. */
export const eraseGone = async (tx: Tx, scope: Scope, path: SecretPath, sinceMicros: number): Promise<void> => {
  await tx`delete from secret where scope_id = ${scopeId(scope)} and path = ${path} and deleted_at <= ${sinceMicros}`;
};

export const eraseSecret = async (tx: Tx, scope: Scope, path: SecretPath): Promise<void> => {
  await tx`delete from secret where scope_id = ${scopeId(scope)} and path = ${path}`;
};

export const selectSecret = async (tx: Tx, scope: Scope, path: SecretPath): Promise<SecretFacts | undefined> => {
  const [row] = await tx<SecretFacts[]>`
    select ${secretColumns(tx)} from secret as s where s.scope_id = ${scopeId(scope)} and s.path = ${path}`;
  return row;
};

/** The row, locked until the transaction ends. */
export const lockSecret = async (tx: Tx, scope: Scope, path: SecretPath): Promise<SecretFacts | undefined> => {
  const [row] = await tx<SecretFacts[]>`
    select ${secretColumns(tx)} from secret as s
    where s.scope_id = ${scopeId(scope)} and s.path = ${path} for update`;
  return row;
};

export const setDeletedAt = async (tx: Tx, scope: Scope, path: SecretPath, atMicros: number | null): Promise<void> => {
  await tx`update secret set deleted_at = ${atMicros} where scope_id = ${scopeId(scope)} and path = ${path}`;
};

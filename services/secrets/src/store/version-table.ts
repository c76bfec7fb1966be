import type { SqlTag, Statement, Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import { lastPruned } from '../domain/retention.ts';
import type { SecretFacts, VersionFacts } from '../domain/secret.ts';
import type { NewVersion } from '../ports.ts';

/** Inserts the version that the secret's row, given as it is now, has just moved on to. */
export const insertVersion = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  next: NewVersion,
  { secretType }: SecretFacts,
): Promise<void> => {
  const { ciphertext, objectKey, wrappedKey, wrappedBy } = next.sealed;
  await tx`
    insert into version (
      scope_id, path, version, secret_type, data_ct, object_key, data_key_wrapped, wrapped_by, created_at, created_by,
      expires_at, is_rotation
    ) values (
      ${owner}, ${path}, ${next.version}, ${secretType}, ${ciphertext}, ${objectKey}, ${wrappedKey},
      ${wrappedBy}, ${next.createdAtMicros}, ${next.createdBy}, ${next.expiresAtMicros}, ${next.rotation !== undefined}
    )`;
};

/**
 * Erases ciphertext and key of the versions for which `which` holds; number and times stay (rest-api-core 4.1). Their
 * objects, which no row names any more, are left to the sweep.
 */
const eraseVersions = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  which: Statement,
  atMicros: number,
): Promise<void> => {
  await tx`
    with doomed as (
      select version, object_key from version
      where scope_id = ${owner} and path = ${path} and destroyed_at is null and ${which}
      for update
    ), loosened as (
      insert into loose_object (scope_id, key, due_at)
      select ${owner}, object_key, ${atMicros} from doomed where object_key is not null
      on conflict do nothing
    )
    update version as v set
      data_ct = null, object_key = null, data_key_wrapped = null, wrapped_by = null, destroyed_at = ${atMicros}
    from doomed where v.scope_id = ${owner} and v.path = ${path} and v.version = doomed.version`;
};

/** Erases the versions that no longer fit and are in no grace period. */
export const pruneVersions = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  { currentVersion, maxVersions }: SecretFacts,
  atMicros: number,
): Promise<void> => {
  const last = lastPruned(currentVersion, maxVersions);
  if (last < 1) return;
  const which = tx`version <= ${last} and (grace_ends_at is null or grace_ends_at <= ${atMicros})`;
  await eraseVersions(tx, owner, path, which, atMicros);
};

/** Erases the versions of these numbers. */
export const destroyVersions = (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  versions: readonly number[],
  atMicros: number,
): Promise<void> => eraseVersions(tx, owner, path, tx`version = any (${[...versions]}::integer[])`, atMicros);

/** Leaves the objects of all versions to the sweep, before the secret's row takes the versions with it. */
export const loosenObjects = async (tx: Tx, owner: ScopeId, path: SecretPath, atMicros: number): Promise<void> => {
  await tx`
    insert into loose_object (scope_id, key, due_at)
    select scope_id, object_key, ${atMicros} from version
    where scope_id = ${owner} and path = ${path} and destroyed_at is null and object_key is not null
    on conflict do nothing`;
};

/** Gives every version before this one a last moment to be read, unless it has an earlier one. */
export const openGrace = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  before: number,
  graceEndsAtMicros: number,
): Promise<void> => {
  await tx`
    update version set grace_ends_at = ${graceEndsAtMicros}
    where scope_id = ${owner} and path = ${path} and version < ${before} and destroyed_at is null
      and (grace_ends_at is null or grace_ends_at > ${graceEndsAtMicros})`;
};

/** The last moment of the current version, changed without a new one. */
export const setVersionExpiry = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  version: number,
  expiresAtMicros: number | null,
): Promise<void> => {
  await tx`
    update version set expires_at = ${expiresAtMicros}
    where scope_id = ${owner} and path = ${path} and version = ${version}`;
};

/** Numbers of the versions whose value exists, newest first. */
export const keptVersions = async (tx: Tx, owner: ScopeId, path: SecretPath): Promise<readonly number[]> => {
  const rows = await tx<{ version: number }[]>`
    select version from version where scope_id = ${owner} and path = ${path} and destroyed_at is null
    order by version desc`;
  return rows.map(({ version }) => version);
};

const versionColumns = (sql: SqlTag) => sql`
  version, secret_type as "secretType", created_at as "createdAtMicros", created_by as "createdBy",
  expires_at as "expiresAtMicros", grace_ends_at as "graceEndsAtMicros", is_rotation as "isRotation",
  destroyed_at as "destroyedAtMicros"`;

/** Newest first, below `before` when it is given. */
export const selectVersions = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  before: number | undefined,
  limit: number,
): Promise<readonly VersionFacts[]> =>
  await tx<VersionFacts[]>`
    select ${versionColumns(tx)} from version
    where scope_id = ${owner} and path = ${path} ${before === undefined ? tx`` : tx`and version < ${before}`}
    order by version desc limit ${limit}`;

export const selectVersion = async (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  version: number,
): Promise<VersionFacts | undefined> => {
  const [row] = await tx<VersionFacts[]>`
    select ${versionColumns(tx)} from version
    where scope_id = ${owner} and path = ${path} and version = ${version}`;
  return row;
};

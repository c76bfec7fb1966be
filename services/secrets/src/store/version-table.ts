import type { SqlTag, Statement, Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import { lastPruned } from '../domain/retention.ts';
import type { SecretFacts, VersionFacts } from '../domain/secret.ts';
import type { NewVersion } from '../ports.ts';

/** A version and the secret that has moved on to it. */
export interface WrittenVersion {
  readonly path: SecretPath;
  readonly next: NewVersion;
  readonly facts: SecretFacts;
}

/** Inserts versions that their secrets' rows, given as they are now, have just moved on to. */
export const insertVersions = (tx: Tx, owner: ScopeId, written: readonly WrittenVersion[]): Statement => {
  const all = <Value>(of: (version: WrittenVersion) => Value): Value[] => written.map(of);
  return tx`
    insert into version (
      scope_id, path, version, secret_type, data_ct, object_key, data_key_wrapped, wrapped_by, created_at, created_by,
      expires_at, is_rotation
    )
    select ${owner}, * from unnest(
      ${all(({ path }) => path)}::text[], ${all(({ next }) => next.version)}::integer[],
      ${all(({ facts }) => facts.secretType)}::text[], ${all(({ next }) => next.sealed.ciphertext)}::bytea[],
      ${all(({ next }) => next.sealed.objectKey)}::text[], ${all(({ next }) => next.sealed.wrappedKey)}::bytea[],
      ${all(({ next }) => next.sealed.wrappedBy)}::text[], ${all(({ next }) => next.createdAtMicros)}::timestamptz[],
      ${all(({ next }) => next.createdBy)}::text[], ${all(({ next }) => next.expiresAtMicros)}::timestamptz[],
      ${all(({ next }) => next.rotation !== undefined)}::boolean[]
    )`;
};

/**
 * Erases ciphertext and key of the versions for which `which` holds, of the paths that it names; number and times stay
 * (rest-api-core 4.1). Their objects, which no row names any more, are left to the sweep.
 */
const eraseVersions = (tx: Tx, owner: ScopeId, which: Statement, atMicros: number): Statement => tx`
  with doomed as (
    select path, version, object_key from version
    where scope_id = ${owner} and destroyed_at is null and ${which}
    for update
  ), loosened as (
    insert into loose_object (scope_id, key, due_at)
    select ${owner}, object_key, ${atMicros} from doomed where object_key is not null
    on conflict do nothing
  )
  update version as v set
    data_ct = null, object_key = null, data_key_wrapped = null, wrapped_by = null, destroyed_at = ${atMicros}
  from doomed where v.scope_id = ${owner} and v.path = doomed.path and v.version = doomed.version`;

/** What has to go of secrets that have these facts now; undefined when all still fits. */
export const pruneVersions = (
  tx: Tx,
  owner: ScopeId,
  secrets: readonly { readonly path: SecretPath; readonly facts: SecretFacts }[],
  atMicros: number,
): Statement | undefined => {
  const lasts = secrets
    .map(({ path, facts }) => ({ path, last: lastPruned(facts.currentVersion, facts.maxVersions) }))
    .filter(({ last }) => last >= 1);
  if (lasts.length === 0) return undefined;
  const paths = lasts.map(({ path }) => path);
  // Not a join, so that every plan goes by the key.
  const which = tx`path = any (${paths}::text[])
    and version <= (${lasts.map(({ last }) => last)}::integer[])[array_position(${paths}::text[], path)]
    and (grace_ends_at is null or grace_ends_at <= ${atMicros})`;
  return eraseVersions(tx, owner, which, atMicros);
};

/** Erases the versions of these numbers. */
export const destroyVersions = (
  tx: Tx,
  owner: ScopeId,
  path: SecretPath,
  versions: readonly number[],
  atMicros: number,
): Statement => eraseVersions(tx, owner, tx`path = ${path} and version = any (${[...versions]}::integer[])`, atMicros);

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

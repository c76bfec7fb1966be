import type { SqlTag, Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';
import { defaultNotifyBefore } from '../domain/notice-times.ts';
import { defaultMaxVersions } from '../domain/retention.ts';
import type { SecretFacts } from '../domain/secret.ts';
import { noMetadata } from '../domain/secret-metadata.ts';
import type { NewVersion } from '../ports.ts';
import { defaultType, type SecretRow, secretColumns, toFacts } from './secret-table.ts';

/** A version and the secret that it is for. */
export interface PathVersion {
  readonly path: SecretPath;
  readonly next: NewVersion;
}

/** A larger value goes by itself, rather than have others wait for it. */
const mostBytes = 16_384;

/** Whether a version is a value and nothing else, as most are; many of those are one statement. */
export const isPlain = ({ sealed, rotation, ...changes }: NewVersion): boolean =>
  sealed.objectKey === null &&
  (sealed.ciphertext?.length ?? 0) <= mostBytes &&
  rotation === undefined &&
  changes.secretType === undefined &&
  changes.metadata === undefined &&
  changes.maxVersions === undefined &&
  changes.notifyBefore === undefined &&
  changes.secretPolicy === undefined;

/** The versions' columns, each as one array. */
const columnsOf = (sql: SqlTag, versions: readonly PathVersion[]) => sql`
  ${versions.map(({ path }) => path)}::text[] as paths,
  ${versions.map(({ next }) => next.version)}::integer[] as versions,
  ${versions.map(({ next }) => next.createdAtMicros)}::timestamptz[] as times,
  ${versions.map(({ next }) => next.expiresAtMicros)}::timestamptz[] as expiries`;

/** Facts by path, each of which is given out once: of two versions for one path, the second has not come through. */
const factsByPath = (rows: readonly (SecretRow & { readonly path: SecretPath })[]) => {
  const found = new Map(rows.map(({ path, ...row }) => [path, toFacts(row)]));
  return {
    take: (path: SecretPath): SecretFacts | undefined => {
      const facts = found.get(path);
      found.delete(path);
      return facts;
    },
  };
};

/**
 * Moves the rows of secrets on to these versions, all behind 1; undefined for one that is not at the version before, is
 * deleted, or is locked by somebody else, for whom the others do not wait. There is no join in it, so every plan goes by the
 * key.
 */
export const advanceSecrets = async (
  tx: Tx,
  owner: ScopeId,
  versions: readonly PathVersion[],
): Promise<readonly (SecretFacts | undefined)[]> => {
  if (versions.length === 0) return [];
  const found = factsByPath(
    await tx`
    update secret as s set
      current_version = s.current_version + 1,
      updated_at = n.times[array_position(n.paths, s.path)],
      expires_at = n.expiries[array_position(n.paths, s.path)]
    from (select ${columnsOf(tx, versions)}) as n
    where s.scope_id = ${owner} and s.path = any (array(
        select free.path from secret as free
        where free.scope_id = ${owner} and free.path = any (${versions.map(({ path }) => path)}::text[])
        for update skip locked
      ))
      and s.current_version = n.versions[array_position(n.paths, s.path)] - 1 and s.deleted_at is null
    returning s.path, ${secretColumns(tx)}`,
  );
  return versions.map(({ path }) => found.take(path));
};

/** Makes the rows of first versions; undefined for one that is there already. */
export const insertSecrets = async (
  tx: Tx,
  owner: ScopeId,
  versions: readonly PathVersion[],
): Promise<readonly (SecretFacts | undefined)[]> => {
  if (versions.length === 0) return [];
  const found = factsByPath(
    await tx`
    insert into secret as s (
      scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags, notify_before,
      created_at, updated_at, expires_at
    )
    select ${owner}, k.path, ${defaultType}, k.version, ${defaultMaxVersions}::integer, ${noMetadata.text}, 1,
      ${[...noMetadata.tags]}::text[], ${[...defaultNotifyBefore]}::text[], k.at, k.at, k.expires_at
    from (select ${columnsOf(tx, versions)}) as n
    cross join lateral unnest(n.paths, n.versions, n.times, n.expiries) as k (path, version, at, expires_at)
    on conflict do nothing
    returning s.path, ${secretColumns(tx)}`,
  );
  return versions.map(({ path }) => found.take(path));
};

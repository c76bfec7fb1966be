import type { Tx } from '@scaivault/db';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import { maxVersionsLimit, prunedRange } from '../domain/retention.ts';
import type { SecretFacts, VersionFacts } from '../domain/secret.ts';
import type { NewVersion } from '../ports.ts';

/** Inserts the version that the secret's row, given as it is now, has just moved on to. */
export const insertVersion = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  next: NewVersion,
  { secretType }: SecretFacts,
): Promise<void> => {
  const { ciphertext, wrappedKey, wrappedBy } = next.sealed;
  await tx`
    insert into version (
      scope_id, path, version, secret_type, data_ct, data_key_wrapped, wrapped_by, created_at, created_by, expires_at
    ) values (
      ${scopeId(scope)}, ${path}, ${next.version}, ${secretType}, ${ciphertext}, ${wrappedKey}, ${wrappedBy},
      ${next.createdAtMicros}, ${next.createdBy}, ${next.expiresAtMicros}
    )`;
};

/** Erases ciphertext and key of the versions that no longer fit; number and times stay (rest-api-core 4.1). */
export const pruneVersions = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  { currentVersion, maxVersions }: SecretFacts,
  atMicros: number,
): Promise<void> => {
  const range = prunedRange(currentVersion, maxVersions);
  if (range === undefined) return;
  await tx`
    update version set data_ct = null, data_key_wrapped = null, wrapped_by = null, destroyed_at = ${atMicros}
    where scope_id = ${scopeId(scope)} and path = ${path} and version between ${range.from} and ${range.to}
      and destroyed_at is null`;
};

/** Versions whose value exists; none lies further back than the limit allows. */
export const countKeptVersions = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  currentVersion: number,
): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*) from version
    where scope_id = ${scopeId(scope)} and path = ${path} and version > ${currentVersion - maxVersionsLimit}
      and destroyed_at is null`;
  return row?.count ?? 0;
};

/** Newest first, below `before` when it is given. */
export const selectVersions = async (
  tx: Tx,
  scope: Scope,
  path: SecretPath,
  before: number | undefined,
  limit: number,
): Promise<readonly VersionFacts[]> =>
  await tx<VersionFacts[]>`
    select version, secret_type as "secretType", created_at as "createdAtMicros", created_by as "createdBy",
      expires_at as "expiresAtMicros", destroyed_at as "destroyedAtMicros"
    from version
    where scope_id = ${scopeId(scope)} and path = ${path} ${before === undefined ? tx`` : tx`and version < ${before}`}
    order by version desc limit ${limit}`;

import { createGroupReads, type Sql } from '@scaivault/db';
import { type Scope, type ScopeId, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { SecretStore, StoredSecret } from '../ports.ts';

interface VersionRow extends Omit<StoredSecret, 'value'> {
  /** From 1, as the keys were given. */
  readonly place: number;
  readonly version: number | null;
  readonly secretType: string | null;
  readonly expiresAtMicros: number | null;
  readonly graceEndsAtMicros: number | null;
  readonly ciphertext: Buffer | null;
  readonly objectKey: string | null;
  readonly wrappedKey: Buffer | null;
  readonly wrappedBy: string | null;
}

const toStored = ({
  place: _place,
  version,
  secretType,
  expiresAtMicros,
  graceEndsAtMicros,
  ciphertext,
  objectKey,
  wrappedKey,
  wrappedBy,
  ...rest
}: VersionRow): StoredSecret => ({
  ...rest,
  value:
    version === null || secretType === null || wrappedKey === null || wrappedBy === null
      ? undefined
      : {
          version,
          secretType,
          expiresAtMicros,
          graceEndsAtMicros,
          sealed: { ciphertext, objectKey, wrappedKey, wrappedBy },
        },
});

interface VersionKey {
  readonly path: SecretPath;
  /** Undefined: the current one. */
  readonly version: number | undefined;
}

/** Reads the versions of these keys in one round trip; the answer has one place per key. */
const readVersions = async (
  sql: Sql,
  owner: string,
  keys: readonly VersionKey[],
): Promise<(StoredSecret | undefined)[]> => {
  const rows = await sql<VersionRow[]>`
    select place, current_version as "currentVersion", metadata, created_at as "createdAtMicros",
      updated_at as "updatedAtMicros", last_accessed_at as "lastAccessedAtMicros", deleted_at as "deletedAtMicros",
      secret_policy_id as "secretPolicyId", version, secret_type as "secretType", expires_at as "expiresAtMicros",
      grace_ends_at as "graceEndsAtMicros", data_ct as "ciphertext", object_key as "objectKey",
      data_key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"
    from read_versions(
      ${owner}, ${keys.map(({ path }) => path)}::text[], ${keys.map(({ version }) => version ?? null)}::integer[])`;
  const found: (StoredSecret | undefined)[] = keys.map(() => undefined);
  for (const row of rows) found[row.place - 1] = toStored(row);
  return found;
};

/** The hot read, of the current version or the one named; reads of a scope that come together are one round trip. */
export const createReadVersion = (sql: Sql): Pick<SecretStore, 'read' | 'readAll'> => {
  const get = createGroupReads<VersionKey, StoredSecret>({
    nameOf: ({ path, version }) => `${path} ${version ?? ''}`,
    read: (owner, keys) => readVersions(sql, owner, keys),
  });
  const readAll = (owner: ScopeId, paths: readonly SecretPath[], version: number | undefined) =>
    paths.length === 0
      ? Promise.resolve([])
      : readVersions(
          sql,
          owner,
          paths.map((path) => ({ path, version })),
        );
  return {
    read: (scope: Scope, path, version) => get(scopeId(scope), { path, version }),
    readAll: (scope: Scope, paths, version) => readAll(scopeId(scope), paths, version),
  };
};

import { createGroupReads, type Sql } from '@scaivault/db';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { StoredSecret } from '../ports.ts';

interface VersionRow extends Omit<StoredSecret, 'value'> {
  readonly version: number | null;
  readonly secretType: string | null;
  readonly expiresAtMicros: number | null;
  readonly ciphertext: Buffer | null;
  readonly wrappedKey: Buffer | null;
  readonly wrappedBy: string | null;
}

interface ReadRow extends VersionRow {
  /** From 1, as the keys were given. */
  readonly place: number;
}

const toStored = ({ version, secretType, expiresAtMicros, ciphertext, wrappedKey, wrappedBy, ...rest }: VersionRow) => {
  const value =
    version === null || secretType === null || ciphertext === null || wrappedKey === null || wrappedBy === null
      ? undefined
      : { version, secretType, expiresAtMicros, sealed: { ciphertext, wrappedKey, wrappedBy } };
  return { ...rest, value };
};

interface VersionKey {
  readonly path: SecretPath;
  /** Undefined: the current one. */
  readonly version: number | undefined;
}

export type ReadVersion = (
  scope: Scope,
  path: SecretPath,
  version: number | undefined,
) => Promise<StoredSecret | undefined>;

/** The hot read, of the current version or the one named; reads of a scope that come together are one round trip. */
export const createReadVersion = (sql: Sql): ReadVersion => {
  const get = createGroupReads<VersionKey, StoredSecret>({
    nameOf: ({ path, version }) => `${path} ${version ?? ''}`,
    read: async (scope, keys) => {
      const rows = await sql<ReadRow[]>`
        select place, current_version as "currentVersion", metadata, created_at as "createdAtMicros",
          updated_at as "updatedAtMicros", last_accessed_at as "lastAccessedAtMicros", deleted_at as "deletedAtMicros",
          version, secret_type as "secretType", expires_at as "expiresAtMicros",
          data_ct as "ciphertext", data_key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"
        from read_versions(
          ${scope}, ${keys.map(({ path }) => path)}::text[], ${keys.map(({ version }) => version ?? null)}::integer[])`;
      const found: (StoredSecret | undefined)[] = keys.map(() => undefined);
      for (const { place, ...row } of rows) found[place - 1] = toStored(row);
      return found;
    },
  });
  return (scope, path, version) => get(scopeId(scope), { path, version });
};

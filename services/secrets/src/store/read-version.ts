import type { Sql } from '@scaivault/db';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { StoredSecret } from '../ports.ts';

interface ReadRow extends Omit<StoredSecret, 'value'> {
  readonly version: number | null;
  readonly secretType: string | null;
  readonly expiresAtMicros: number | null;
  readonly ciphertext: Buffer | null;
  readonly wrappedKey: Buffer | null;
  readonly wrappedBy: string | null;
}

const toStored = ({ version, secretType, expiresAtMicros, ciphertext, wrappedKey, wrappedBy, ...rest }: ReadRow) => {
  const value =
    version === null || secretType === null || ciphertext === null || wrappedKey === null || wrappedBy === null
      ? undefined
      : { version, secretType, expiresAtMicros, sealed: { ciphertext, wrappedKey, wrappedBy } };
  return { ...rest, value };
};

/** The hot read: one round trip, for the current version or the one named. */
export const readVersion = async (
  sql: Sql,
  scope: Scope,
  path: SecretPath,
  version: number | undefined,
): Promise<StoredSecret | undefined> => {
  const [row] = await sql<ReadRow[]>`
    select current_version as "currentVersion", metadata, created_at as "createdAtMicros",
      updated_at as "updatedAtMicros", last_accessed_at as "lastAccessedAtMicros", deleted_at as "deletedAtMicros",
      version, secret_type as "secretType", expires_at as "expiresAtMicros",
      data_ct as "ciphertext", data_key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"
    from read_version(${scopeId(scope)}, ${path}, ${version ?? null})`;
  return row === undefined ? undefined : toStored(row);
};

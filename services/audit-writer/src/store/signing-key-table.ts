import { type Database, isUniqueViolation, type SealedRowKey } from '@scaivault/db';
import type { PublicSigningKey, SigningKeyStore, StoredSigningKey } from '../ports.ts';

interface KeyRow extends PublicSigningKey {
  readonly attestedCt: Buffer;
  readonly attestedKey: Buffer;
  readonly attestedBy: string;
  readonly privateCt: Buffer | null;
  readonly privateKey: Buffer | null;
  readonly privateBy: string | null;
}

const stored = (row: KeyRow): StoredSigningKey => {
  const { keyId, publicKey, createdAtMicros, retiredAtMicros, privateCt, privateKey, privateBy } = row;
  const attested = { ciphertext: row.attestedCt, wrappedKey: row.attestedKey, wrappedBy: row.attestedBy };
  const secret: SealedRowKey | null =
    privateCt === null || privateKey === null || privateBy === null
      ? null
      : { ciphertext: privateCt, wrappedKey: privateKey, wrappedBy: privateBy };
  return { keyId, publicKey, createdAtMicros, retiredAtMicros, attested, secret };
};

/** The table `signing_key`. */
export const createSigningKeyTable = (db: Pick<Database, 'sql' | 'transaction'>): SigningKeyStore => {
  const find = async (keyId: string | null): Promise<StoredSigningKey | undefined> => {
    const [row] = await db.sql<KeyRow[]>`
      select key_id as "keyId", public_key as "publicKey", created_at as "createdAtMicros",
        retired_at as "retiredAtMicros", attested_ct as "attestedCt", attested_key_wrapped as "attestedKey",
        attested_wrapped_by as "attestedBy", private_ct as "privateCt", private_key_wrapped as "privateKey",
        private_wrapped_by as "privateBy"
      from signing_key where case when ${keyId}::text is null then retired_at is null else key_id = ${keyId}::text end`;
    return row === undefined ? undefined : stored(row);
  };

  return {
    list: () => db.sql<PublicSigningKey[]>`
      select key_id as "keyId", public_key as "publicKey", created_at as "createdAtMicros",
        retired_at as "retiredAtMicros"
      from signing_key order by created_at, key_id`,

    byId: (keyId) => find(keyId),

    current: () => find(null),

    replace: async (replaced, { keyId, publicKey, attested, secret }) => {
      try {
        return await db.transaction(async (tx) => {
          if (replaced !== undefined) {
            const retired = await tx`
              update signing_key
              set retired_at = now(), private_ct = null, private_key_wrapped = null, private_wrapped_by = null
              where key_id = ${replaced} and retired_at is null`;
            if (retired.count === 0) return false;
          }
          await tx`
            insert into signing_key (
              key_id, public_key, attested_ct, attested_key_wrapped, attested_wrapped_by, private_ct, private_key_wrapped,
              private_wrapped_by
            ) values (
              ${keyId}, ${publicKey}, ${attested.ciphertext}, ${attested.wrappedKey}, ${attested.wrappedBy},
              ${secret?.ciphertext ?? null}, ${secret?.wrappedKey ?? null}, ${secret?.wrappedBy ?? null}
            )`;
          return true;
        });
      } catch (error) {
        // Two processes made a first key at once.
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    },
  };
};

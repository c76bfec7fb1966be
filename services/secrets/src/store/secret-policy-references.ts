import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { SecretPolicyRef } from '../domain/secret.ts';

/** The secrets of the transaction's scope that get their values by this policy. */
const referring = (tx: Tx, secretsOf: ScopeId, { scopeId, id }: SecretPolicyRef) =>
  tx`scope_id = ${secretsOf} and secret_policy_scope = ${scopeId} and secret_policy_id = ${id}`;

/** How many there are, at most `most`, without those deleted at or before `goneSinceMicros`: nobody can restore them. */
export const countReferences = async (
  tx: Tx,
  secretsOf: ScopeId,
  policy: SecretPolicyRef,
  { most, goneSinceMicros }: { readonly most: number; readonly goneSinceMicros: number },
): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*) from (
      select from secret
      where ${referring(tx, secretsOf, policy)} and (deleted_at is null or deleted_at > ${goneSinceMicros})
      limit ${most}
    ) as counted`;
  return row?.count ?? 0;
};

/**
 * Detaches up to `most` secrets, each a new revision of its metadata; with `goneSinceMicros` only those deleted at or
 * before it. They are named by where they lie, because a join with the rows under lock may look for them anew for each
 * row of the table.
 */
export const clearReferences = async (
  tx: Tx,
  secretsOf: ScopeId,
  policy: SecretPolicyRef,
  {
    most,
    nowMicros,
    goneSinceMicros,
  }: { readonly most: number; readonly nowMicros: number; readonly goneSinceMicros?: number },
): Promise<void> => {
  const which = goneSinceMicros === undefined ? tx`true` : tx`deleted_at <= ${goneSinceMicros}`;
  await tx`
    update secret set
      secret_policy_scope = null, secret_policy_id = null,
      metadata_revision = metadata_revision + 1, updated_at = ${nowMicros}
    where scope_id = ${secretsOf} and ctid = any (array(
      select ctid from secret where ${referring(tx, secretsOf, policy)} and ${which}
      order by path limit ${most} for update
    ))`;
};

import type { Tx } from '@scaivault/db';
import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import type { TenantProfile } from '../domain/change.ts';
import type { Entry } from '../domain/entry.ts';

type Row = TenantProfile & Omit<Entry<never>, 'profile'>;

/** Writes what `edit` makes of the row, which is locked meanwhile; false when it has no news. */
export const changeTenant = async (
  tx: Tx,
  scopeId: ScopeId,
  id: TenantId,
  edit: (current: Entry<TenantProfile>) => Entry<TenantProfile> | undefined,
  nowMicros: number,
): Promise<boolean> => {
  await tx`insert into tenant (scope_id, id, synced_at) values (${scopeId}, ${id}, ${nowMicros})
    on conflict do nothing`;
  const [row] = await tx<Row[]>`
    select partner_id as "partnerId", name, slug, profile_time as "profileAtMicros", status,
      status_time as "statusAtMicros"
    from tenant where scope_id = ${scopeId} for no key update`;
  if (row === undefined) throw new Error('The tenant is gone inside its own transaction.');
  const { partnerId, name, slug, ...rest } = row;
  const changed = edit({ ...rest, profile: { partnerId, name, slug } });
  if (changed === undefined) return false;
  await tx`
    update tenant set partner_id = ${changed.profile.partnerId}, name = ${changed.profile.name},
      slug = ${changed.profile.slug}, profile_time = ${changed.profileAtMicros}, status = ${changed.status},
      status_time = ${changed.statusAtMicros}, synced_at = ${nowMicros}
    where scope_id = ${scopeId}`;
  return true;
};

/** Scopes of the partner's tenants; the transaction is in the partner's scope. */
export const selectTenantScopes = async (tx: Tx, partnerId: PartnerId): Promise<readonly ScopeId[]> => {
  const rows = await tx<{ scopeId: ScopeId }[]>`
    select scope_id as "scopeId" from tenant where partner_id = ${partnerId} order by scope_id`;
  return rows.map(({ scopeId }) => scopeId);
};

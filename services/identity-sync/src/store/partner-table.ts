import type { Tx } from '@scaivault/db';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { PartnerProfile } from '../domain/change.ts';
import type { Entry } from '../domain/entry.ts';
import type { KnownPartner } from '../ports.ts';

/** The partner's state, if the mirror has heard of it; the transaction is in the partner's scope. */
export const selectPartner = async (tx: Tx, scopeId: ScopeId): Promise<KnownPartner | undefined> => {
  const [row] = await tx<KnownPartner[]>`select status from partner where scope_id = ${scopeId}`;
  return row;
};

type Row = PartnerProfile & Omit<Entry<never>, 'profile'>;

/** Writes what `edit` makes of the row, which is locked meanwhile; false when it has no news. */
export const changePartner = async (
  tx: Tx,
  scopeId: ScopeId,
  id: PartnerId,
  edit: (current: Entry<PartnerProfile>) => Entry<PartnerProfile> | undefined,
  nowMicros: number,
): Promise<boolean> => {
  await tx`insert into partner (scope_id, id, synced_at) values (${scopeId}, ${id}, ${nowMicros})
    on conflict do nothing`;
  const [row] = await tx<Row[]>`
    select name, slug, region, profile_time as "profileAtMicros", status, status_time as "statusAtMicros"
    from partner where scope_id = ${scopeId} for no key update`;
  if (row === undefined) throw new Error('The partner is gone inside its own transaction.');
  const { name, slug, region, ...rest } = row;
  const changed = edit({ ...rest, profile: { name, slug, region } });
  if (changed === undefined) return false;
  await tx`
    update partner set name = ${changed.profile.name}, slug = ${changed.profile.slug},
      region = ${changed.profile.region}, profile_time = ${changed.profileAtMicros}, status = ${changed.status},
      status_time = ${changed.statusAtMicros}, synced_at = ${nowMicros}
    where scope_id = ${scopeId}`;
  return true;
};

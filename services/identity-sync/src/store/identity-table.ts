import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import { type IdentityEntry, type IdentityProfile, identityIdOf } from '../domain/identity-entry.ts';

type Row = IdentityProfile & Omit<IdentityEntry, 'profile'>;

/** Makes sure that there is a row, a stub if need be. */
export const ensureIdentity = async (tx: Tx, scopeId: ScopeId, subjectId: string, nowMicros: number): Promise<void> => {
  await tx`insert into identity (scope_id, subject_id, synced_at) values (${scopeId}, ${subjectId}, ${nowMicros})
    on conflict do nothing`;
};

const lock = async (tx: Tx, scopeId: ScopeId, subjectId: string): Promise<IdentityEntry> => {
  const [row] = await tx<Row[]>`
    select type, email, name, display_name as "displayName", roles, profile_time as "profileAtMicros", status,
      status_time as "statusAtMicros", mfa_enabled as "mfaEnabled", mfa_time as "mfaAtMicros",
      tokens_void_before as "tokensVoidBeforeMicros", mfa_void_before as "mfaVoidBeforeMicros",
      memberships_void_until as "membershipsVoidUntilMicros"
    from identity where scope_id = ${scopeId} and subject_id = ${subjectId} for no key update`;
  if (row === undefined) throw new Error('The identity is gone inside its own transaction.');
  const { type, email, name, displayName, roles, ...rest } = row;
  return { ...rest, profile: { type, email, name, displayName, roles } };
};

/** Writes what `edit` makes of the row, which is locked meanwhile; false when it has no news. */
export const changeIdentity = async (
  tx: Tx,
  scopeId: ScopeId,
  subjectId: string,
  edit: (current: IdentityEntry) => IdentityEntry | undefined,
  nowMicros: number,
): Promise<boolean> => {
  const [, current] = await Promise.all([
    ensureIdentity(tx, scopeId, subjectId, nowMicros),
    lock(tx, scopeId, subjectId),
  ]);
  const changed = edit(current);
  if (changed === undefined) return false;
  const { profile } = changed;
  await tx`
    update identity set type = ${profile.type}, identity_id = ${identityIdOf(profile)}, email = ${profile.email},
      name = ${profile.name}, display_name = ${profile.displayName}, roles = ${profile.roles}::text[],
      profile_time = ${changed.profileAtMicros}, status = ${changed.status}, status_time = ${changed.statusAtMicros},
      mfa_enabled = ${changed.mfaEnabled}, mfa_time = ${changed.mfaAtMicros},
      tokens_void_before = ${changed.tokensVoidBeforeMicros}, mfa_void_before = ${changed.mfaVoidBeforeMicros},
      memberships_void_until = ${changed.membershipsVoidUntilMicros}, synced_at = ${nowMicros}
    where scope_id = ${scopeId} and subject_id = ${subjectId}`;
  return true;
};

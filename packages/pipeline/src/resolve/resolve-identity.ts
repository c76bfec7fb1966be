import { VaultError } from '@scaivault/errors';
import type { VerifiedToken } from '../authenticate/verified-token.ts';
import type { GroupMembership } from '../caller.ts';
import type { CallerRecord, IdentityDirectory, Known } from './identity-directory.ts';
import { readTenantClaim } from './tenant-claim.ts';

export interface ResolvedIdentity {
  readonly identityType: 'user' | 'service_account';
  readonly identityId: string;
  readonly subjectId: string;
  readonly displayName: string | null;
  readonly roles: ReadonlySet<string>;
  readonly groups: readonly GroupMembership[];
  readonly mfaVerifiedAtMs: number | null;
}

const revoked = (): VaultError => new VaultError('token_revoked', 'The token is not valid any more. Sign in again.');

const fromToken = (token: VerifiedToken): ResolvedIdentity => ({
  identityType: token.identityType,
  identityId: token.claimedIdentityId,
  subjectId: token.subject,
  displayName: token.displayName,
  roles: new Set(token.roles),
  groups: token.groups.map((name) => ({
    subjectId: null,
    identityId: name.startsWith('group:') ? name : `group:${name}`,
  })),
  mfaVerifiedAtMs: token.mfaVerifiedAtMs,
});

const fromMirror = (token: VerifiedToken, record: CallerRecord): ResolvedIdentity => {
  const { tokensVoidBeforeMs, mfaVoidBeforeMs } = record;
  if (record.status !== 'ACTIVE') throw revoked();
  // `iat` counts whole seconds, so a token of the very second of the change is let through.
  if (tokensVoidBeforeMs !== null && (token.issuedAtMs ?? 0) + 1000 <= tokensVoidBeforeMs) throw revoked();
  const mfaVoid = mfaVoidBeforeMs !== null && (token.mfaVerifiedAtMs ?? 0) <= mfaVoidBeforeMs;
  return {
    identityType: record.identityType,
    identityId: record.identityId,
    subjectId: record.subjectId,
    displayName: record.displayName,
    roles: new Set([...token.roles, ...record.roles]),
    groups: record.groups,
    mfaVerifiedAtMs: mfaVoid ? null : token.mfaVerifiedAtMs,
  };
};

/**
 * Who the token's subject is (rest-api-core 2.1): for an identity of the mirror its groups and status decide, the
 * token's groups only for one it has not seen; roles are the union of both. 401 `token_revoked` for suspended, deleted,
 * or password changed since.
 */
export const resolveIdentity = (
  token: VerifiedToken,
  directory: Pick<IdentityDirectory, 'caller'>,
): ResolvedIdentity | Promise<ResolvedIdentity> => {
  if (token.tenantId === null) return fromToken(token);
  const of = ({ record }: Known<CallerRecord>): ResolvedIdentity =>
    record === undefined ? fromToken(token) : fromMirror(token, record);
  const known = directory.caller(readTenantClaim(token.tenantId), token.subject, token.claimedIdentityId);
  return known instanceof Promise ? known.then(of) : of(known);
};

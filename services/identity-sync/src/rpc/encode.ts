import { create } from '@bufbuild/protobuf';
import {
  type CallerRecord,
  CallerRecordSchema,
  type Identity,
  IdentitySchema,
  type ReceiveScaiKeyEventResponse,
  ReceiveScaiKeyEventResponseSchema,
  type WhoAmIResponse,
  WhoAmIResponseSchema,
} from '@scaivault/contracts/identity/v1/identity';
import type { Caller } from '@scaivault/pipeline';
import { timestampOf } from '@scaivault/runtime';
import type { TenantId } from '@scaivault/tenancy';
import type { Receipt } from '../app/receive-event.ts';
import type { NamedIdentity } from '../ports.ts';

/** Without those whose names the mirror does not know yet; they count, but cannot be shown. */
const groupNames = (groups: readonly { readonly identityId: string }[]): string[] =>
  groups.map(({ identityId }) => identityId).filter((name) => name !== '');

const displayNameOf = ({ displayName }: { readonly displayName: string | null }) =>
  displayName === null ? {} : { displayName };

export const encodeWhoAmI = (caller: Caller): WhoAmIResponse => {
  const { mfaVerifiedAtMs, expiresAtMs } = caller.token;
  return create(WhoAmIResponseSchema, {
    identityId: caller.identityId,
    identityType: caller.identityType,
    ...displayNameOf(caller),
    tenantId: caller.tenantId,
    partnerId: caller.partnerId,
    scopes: [...caller.scopes].sort(),
    groups: groupNames(caller.groups),
    roles: [...caller.roles].sort(),
    ...(mfaVerifiedAtMs === null ? {} : { mfaVerifiedAt: timestampOf(mfaVerifiedAtMs * 1000) }),
    tokenExpiresAt: timestampOf(expiresAtMs * 1000),
  });
};

export const encodeIdentity = (tenantId: TenantId, identity: NamedIdentity): Identity =>
  create(IdentitySchema, {
    id: identity.subjectId,
    type: identity.type,
    identityId: identity.identityId,
    ...displayNameOf(identity),
    tenantId,
    groups: groupNames(identity.groups),
    roles: [...new Set(identity.roles)].sort(),
  });

export const encodeReceipt = ({ eventId, outcome }: Receipt): ReceiveScaiKeyEventResponse =>
  create(ReceiveScaiKeyEventResponseSchema, {
    handled: outcome !== 'ignored',
    eventId,
    ...(outcome === 'duplicate' ? { duplicate: true } : {}),
    ...(outcome === 'stale' ? { stale: true } : {}),
  });

export const encodeCaller = (identity: NamedIdentity): CallerRecord => {
  const { tokensVoidBeforeMicros, mfaVoidBeforeMicros } = identity;
  return create(CallerRecordSchema, {
    subjectId: identity.subjectId,
    identityType: identity.type,
    identityId: identity.identityId,
    ...displayNameOf(identity),
    status: identity.status,
    groups: identity.groups.map(({ subjectId, identityId }) => ({ subjectId, identityId })),
    roles: [...identity.roles],
    ...(tokensVoidBeforeMicros === null ? {} : { tokensVoidBeforeMicros: BigInt(tokensVoidBeforeMicros) }),
    ...(mfaVoidBeforeMicros === null ? {} : { mfaVoidBeforeMicros: BigInt(mfaVoidBeforeMicros) }),
  });
};

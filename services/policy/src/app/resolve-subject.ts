import { fieldError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import type { PolicySubject } from '@scaivault/policy-engine';
import { typeOfIdentity } from '../domain/bound-identity.ts';
import { identityNotFound } from '../domain/refusals.ts';
import { requireOwnPartner } from '../domain/require-own-partner.ts';
import type { BindingStore, Clock, IdentityMirror, KnownIdentity } from '../ports.ts';
import { scopeIdOf } from './find-policy.ts';

/** Who is asked about: a user or service account, with its groups and its role as the directory knows them. */
export type ResolveSubject = (caller: Caller, identityId: string) => Promise<PolicySubject>;

/** Roles that carry the built-in policy of tenant admins (rest-api-core 2.4). */
export const adminRoles: readonly string[] = ['tenant_admin', 'partner_admin', 'super_admin'];

const notACaller = () => fieldError('identity_id', 'format', 'must be a user or a service account');

export const subjectOf = (known: KnownIdentity): PolicySubject => {
  const { identityType, identityId, subjectId, groups, roles } = known;
  if (identityType === 'group') throw notACaller();
  const isTenantAdmin = adminRoles.some((role) => roles.includes(role));
  return { identityType, identityId, subjectId, groups, isTenantAdmin };
};

/** Somebody the mirror has not seen: nothing but the name. */
const strangerOf = (identityId: string): PolicySubject | undefined => {
  const identityType = typeOfIdentity(identityId);
  if (identityType === 'group') throw notACaller();
  return identityType && { identityType, identityId, subjectId: null, groups: [], isTenantAdmin: false };
};

/** 400 for another partner than the tenant's; 404 `identity_not_found` for an identity that is neither mirrored nor bound (rest-api-core 15); 422 for a group. */
export const createResolveSubject = ({
  identities,
  bindings,
  nowMicros,
}: {
  readonly identities: IdentityMirror;
  readonly bindings: Pick<BindingStore, 'isBound'>;
  readonly nowMicros: Clock;
}): ResolveSubject => {
  const isBound = async (caller: Caller, identityId: string): Promise<boolean> => {
    const scopes = (['tenant', 'partner'] as const).map((scope) => scopeIdOf(caller, scope));
    const found = await Promise.all(scopes.map((scopeId) => bindings.isBound(scopeId, identityId, nowMicros())));
    return found.includes(true);
  };
  return async (caller, identityId) => {
    requireOwnPartner(caller);
    if (identityId.includes('\0')) throw identityNotFound();
    const known = await identities.lookup(caller.tenantId, undefined, identityId);
    if (known !== undefined) return subjectOf(known);
    const stranger = strangerOf(identityId);
    if (stranger === undefined || !(await isBound(caller, identityId))) throw identityNotFound();
    return stranger;
  };
};

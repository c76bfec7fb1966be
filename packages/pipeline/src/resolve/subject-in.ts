import type { PolicySubject } from '@scaivault/policy-engine';
import { isTenantAdmin } from './is-tenant-admin.ts';
import type { ResolvedIdentity } from './resolve-identity.ts';
import type { ResolvedTenant } from './resolve-tenant.ts';

/** What the policies of the tenant acted in see of an identity. */
export const subjectIn = (
  { homeTenantId }: Pick<ResolvedTenant, 'homeTenantId'>,
  identity: Omit<ResolvedIdentity, 'displayName' | 'mfaVerifiedAtMs'>,
): PolicySubject => ({
  identityType: identity.identityType,
  identityId: identity.identityId,
  subjectId: identity.subjectId,
  // A group of the same name in another tenant is another group: abroad only pinned bindings can mean ours.
  groups:
    homeTenantId === null
      ? identity.groups
      : identity.groups.map((group) => ({ ...group, identityId: `${homeTenantId}/${group.identityId}` })),
  isTenantAdmin: isTenantAdmin({ roles: identity.roles, homeTenantId }),
});

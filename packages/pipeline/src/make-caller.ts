import { evaluatorFor, type PolicyBundle } from '@scaivault/policy-engine';
import { type Scope, tenantScope } from '@scaivault/tenancy';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import type { Caller } from './caller.ts';
import type { RequestInfo } from './request-info.ts';
import type { ResolvedIdentity } from './resolve/resolve-identity.ts';
import type { ResolvedTenant } from './resolve/resolve-tenant.ts';

/** Roles that carry the built-in administrator policy in the tenant acted in (rest-api-core 2.4). */
const isTenantAdmin = (roles: ReadonlySet<string>, tenant: ResolvedTenant): boolean =>
  roles.has('super_admin') || roles.has('partner_admin') || (roles.has('tenant_admin') && tenant.homeTenantId === null);

/** Puts together what authentication, identity and tenant resolution found out. */
export const makeCaller = (
  token: VerifiedToken,
  identity: ResolvedIdentity,
  tenant: ResolvedTenant,
  objectScope: Scope,
  request: RequestInfo,
  bundle: PolicyBundle,
  nowMs: number,
): Caller => {
  const facts = {
    issuedAtMs: token.issuedAtMs,
    expiresAtMs: token.expiresAtMs,
    mfaVerifiedAtMs: identity.mfaVerifiedAtMs,
    allowedPaths: token.allowedPaths,
  };
  // A group of the same name in another tenant is another group: abroad only pinned bindings can mean ours.
  const groups =
    tenant.homeTenantId === null
      ? identity.groups
      : identity.groups.map((group) => ({ ...group, identityId: `${tenant.homeTenantId}/${group.identityId}` }));
  let evaluator: ReturnType<typeof evaluatorFor> | undefined;
  return {
    identityType: identity.identityType,
    identityId: identity.identityId,
    subjectId: identity.subjectId,
    displayName: identity.displayName,
    tenantId: tenant.tenantId,
    partnerId: tenant.partnerId,
    scope: objectScope.kind === 'tenant' ? objectScope : tenantScope(tenant.tenantId, tenant.partnerId),
    objectScope,
    homeTenantId: tenant.homeTenantId,
    roles: identity.roles,
    groups: identity.groups,
    scopes: token.scopes,
    token: facts,
    actorId: token.actorId,
    judge: (permission, path) => {
      evaluator ??= evaluatorFor(bundle, {
        identityType: identity.identityType,
        identityId: identity.identityId,
        subjectId: identity.subjectId,
        groups,
        isTenantAdmin: isTenantAdmin(identity.roles, tenant),
      });
      return evaluator({ permission, path, sourceIp: request.sourceIp ?? null, nowMs, token: facts });
    },
  };
};

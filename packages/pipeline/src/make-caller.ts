import { evaluatorFor, type PolicyBundle } from '@scaivault/policy-engine';
import type { VerifiedToken } from './authenticate/verified-token.ts';
import type { Caller } from './caller.ts';
import type { RequestInfo } from './request-info.ts';
import type { ResolvedIdentity } from './resolve/resolve-identity.ts';
import type { ObjectScopes } from './resolve/resolve-object-scope.ts';
import type { ResolvedTenant } from './resolve/resolve-tenant.ts';
import { subjectIn } from './resolve/subject-in.ts';

/** Puts together what authentication, identity and tenant resolution found out. */
export const makeCaller = (
  token: VerifiedToken,
  identity: ResolvedIdentity,
  tenant: ResolvedTenant,
  scopes: ObjectScopes,
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
  let evaluator: ReturnType<typeof evaluatorFor> | undefined;
  return {
    identityType: identity.identityType,
    identityId: identity.identityId,
    subjectId: identity.subjectId,
    displayName: identity.displayName,
    tenantId: tenant.tenantId,
    partnerId: tenant.partnerId,
    ...scopes,
    homeTenantId: tenant.homeTenantId,
    roles: identity.roles,
    groups: identity.groups,
    scopes: token.scopes,
    token: facts,
    request,
    actorId: token.actorId,
    judge: (permission, path) => {
      evaluator ??= evaluatorFor(bundle, subjectIn(tenant, identity));
      return evaluator({ permission, path, sourceIp: request.sourceIp ?? null, nowMs, token: facts });
    },
  };
};

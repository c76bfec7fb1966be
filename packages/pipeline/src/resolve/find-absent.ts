import { isVaultError } from '@scaivault/errors';
import { evaluatorFor } from '@scaivault/policy-engine';
import type { TenantId } from '@scaivault/tenancy';
import type { Caller } from '../caller.ts';
import type { PolicySource } from '../replica/policy-replica.ts';
import type { IdentityDirectory } from './identity-directory.ts';
import type { ResolvedIdentity } from './resolve-identity.ts';
import { type ResolvedTenant, resolveTenant } from './resolve-tenant.ts';
import { subjectIn } from './subject-in.ts';

/** Somebody for whom something is done while he is not there, as he was when he asked for it. */
export interface AbsentIdentity extends Pick<Caller, 'identityType' | 'identityId' | 'subjectId' | 'tenantId'> {
  /** Tenant of the identity, when it is another one than the one it acts in. */
  readonly homeTenantId: TenantId | null;
}

/** What he may do now. */
export interface AbsentCaller {
  readonly isTenantAdmin: boolean;
  /** By the policies in force; what depends on address, token or second factor counts against him (rest-api-core 10). */
  readonly judge: Caller['judge'];
}

/** Undefined for whoever may do nothing any more: suspended, deleted, or the tenant is not open to him. */
export type FindAbsent = (who: AbsentIdentity) => Promise<AbsentCaller | undefined>;

const noToken = { issuedAtMs: null, mfaVerifiedAtMs: null, allowedPaths: null };

/**
 * Finds the authority of identities that are not there: the same directory, tenants and policies as for callers, without
 * what only a request brings. Roles are those of the directory; an identity that it does not know is its name and no more.
 */
export const createFindAbsent = ({
  directory,
  policies,
  nowMs,
}: {
  readonly directory: Pick<IdentityDirectory, 'caller' | 'tenant'>;
  readonly policies: PolicySource;
  readonly nowMs: () => number;
}): FindAbsent => {
  const identityOf = async (who: AbsentIdentity): Promise<ResolvedIdentity | undefined> => {
    const { tenantId, homeTenantId, identityType, identityId, subjectId } = who;
    const { record } = await directory.caller(homeTenantId ?? tenantId, subjectId, identityId);
    const known = { identityType, identityId, subjectId, displayName: null, mfaVerifiedAtMs: null };
    if (record === undefined) return { ...known, roles: new Set(), groups: [] };
    // The name may have gone to somebody else, who did not ask for anything.
    if (record.status !== 'ACTIVE' || record.subjectId !== subjectId) return undefined;
    return { ...known, identityId: record.identityId, roles: new Set(record.roles), groups: record.groups };
  };

  const tenantOf = async (who: AbsentIdentity, roles: ReadonlySet<string>): Promise<ResolvedTenant | undefined> => {
    const sources = { prefix: who.tenantId, header: undefined, claim: who.homeTenantId ?? who.tenantId };
    try {
      return await resolveTenant(sources, roles, null, directory);
    } catch (error) {
      if (isVaultError(error) && error.httpStatus < 500) return undefined;
      throw error;
    }
  };

  return async (who) => {
    const identity = await identityOf(who);
    const tenant = identity && (await tenantOf(who, identity.roles));
    if (identity === undefined || tenant === undefined) return undefined;
    const subject = subjectIn(tenant, identity);
    const evaluate = evaluatorFor(await policies.bundle(tenant.tenantId, tenant.partnerId), subject);
    return {
      isTenantAdmin: subject.isTenantAdmin,
      judge: (permission, path) =>
        evaluate({ permission, path, sourceIp: null, nowMs: nowMs(), token: noToken, isAbsent: true }),
    };
  };
};

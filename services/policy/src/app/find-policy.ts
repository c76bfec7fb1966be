import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { isId, type ScopeId, scopeId } from '@scaivault/tenancy';
import type { Policy, PolicyScope } from '../domain/policy.ts';
import { policyNotFound } from '../domain/refusals.ts';
import type { PolicyStore } from '../ports.ts';

export interface FoundPolicy {
  readonly scopeId: ScopeId;
  readonly policy: Policy;
}

/** 404 `policy_not_found` for what is absent and for what lies in another tenant or with another partner. */
export type FindPolicy = (caller: Caller, policyId: string) => Promise<FoundPolicy>;

/** Where policies of this kind lie for the call; those of a partner, where a super_admin has named it. */
export const scopeIdOf = (caller: Caller, scope: PolicyScope): ScopeId =>
  scopeId(scope === 'partner' ? caller.sharedScope : caller.scope);

/** 403 `forbidden` below partner admin, whose matter partner policies are (rest-api-core 6.4). */
export const requireRoleFor = (caller: Caller, scope: PolicyScope): void => {
  if (scope === 'tenant' || caller.roles.has('partner_admin') || caller.roles.has('super_admin')) return;
  throw new VaultError('forbidden', 'Policies of the partner are changed by its administrators only.', {
    details: { reason: 'partner_admin_required' },
  });
};

/** Finds a policy to read: the tenant's own, and those of its partner (or of the one that a super_admin names). */
export const createFindPolicy =
  ({ policies }: { readonly policies: Pick<PolicyStore, 'find'> }): FindPolicy =>
  async (caller, policyId) => {
    if (!isId('pol', policyId)) throw policyNotFound();
    for (const scope of ['tenant', 'partner'] as const) {
      const id = scopeIdOf(caller, scope);
      const policy = await policies.find(id, policyId);
      if (policy !== undefined) return { scopeId: id, policy };
    }
    throw policyNotFound();
  };

/** Finds a policy that the caller may change; 403 `forbidden` for a partner's below partner admin. */
export const createFindChangeable =
  ({ find }: { readonly find: FindPolicy }): FindPolicy =>
  async (caller, policyId) => {
    const found = await find(caller, policyId);
    requireRoleFor(caller, found.policy.scope);
    return found;
  };

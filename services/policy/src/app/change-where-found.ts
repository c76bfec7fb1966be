import { isVaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { isId, type ScopeId } from '@scaivault/tenancy';
import { policyNotFound } from '../domain/refusals.ts';
import { type FindPolicy, type FoundPolicy, scopeIdOf } from './find-policy.ts';
import type { PutInForce } from './put-in-force.ts';

/**
 * Puts a change of a policy in force in the scope where that lies. `change` throws 404 `policy_not_found` where it finds
 * nothing; `found` is there when the policy has been looked up. 403 `forbidden` for a partner's below partner admin.
 */
export type ChangeWhereFound = <Result>(
  caller: Caller,
  policyId: string,
  change: (scopeId: ScopeId, found: FoundPolicy | undefined) => Promise<Result>,
) => Promise<Result>;

/** Most policies are the tenant's own: those are changed without being looked up first. */
export const createChangeWhereFound =
  ({
    findChangeable,
    putInForce,
  }: {
    readonly findChangeable: FindPolicy;
    readonly putInForce: PutInForce;
  }): ChangeWhereFound =>
  async (caller, policyId, change) => {
    if (!isId('pol', policyId)) throw policyNotFound();
    const own = scopeIdOf(caller, 'tenant');
    try {
      return await putInForce(own, () => change(own, undefined));
    } catch (error) {
      if (!isVaultError(error, 'policy_not_found')) throw error;
    }
    const found = await findChangeable(caller, policyId);
    return await putInForce(found.scopeId, () => change(found.scopeId, found));
  };

import type { ScopeId } from '@scaivault/tenancy';
import { secretPolicyNotFound } from '../../domain/secret-policies/refusals.ts';
import type { SecretPolicy } from '../../domain/secret-policies/secret-policy.ts';
import type { SecretPolicyStore } from '../../ports.ts';

/** A secret policy of that tenant; 404 `secret_policy_not_found`. */
export type FindSecretPolicy = (owner: ScopeId, id: string) => Promise<SecretPolicy>;

export const createFindSecretPolicy =
  ({ policies }: { readonly policies: Pick<SecretPolicyStore, 'find'> }): FindSecretPolicy =>
  async (owner, id) => {
    const policy = await policies.find(owner, id);
    if (policy === undefined) throw secretPolicyNotFound();
    return policy;
  };

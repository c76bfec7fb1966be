import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import { rotationPolicyNotFound } from '../domain/refusals.ts';
import type { SecretPolicyRef } from '../domain/secret.ts';
import { secretPolicyNotFound } from '../domain/secret-policies/refusals.ts';
import type { SecretPolicyStore } from '../ports.ts';

export interface PolicyChoice {
  /** An id attaches. */
  readonly rotationPolicyId: string | undefined;
  readonly secretPolicyId: string | undefined;
  /** Names of the options that were null: those detach. */
  readonly nulls: readonly string[];
}

export type AttachPolicies = (
  caller: Pick<Caller, 'scope' | 'objectScope' | 'partnerId'>,
  choice: PolicyChoice,
) => Promise<{ readonly secretPolicy: SecretPolicyRef | null | undefined }>;

/**
 * What a writer chose as the policies of a secret (rest-api-core 4.3). Policies are objects of the tenant acted in, also
 * those of a partner's secret. 404 `secret_policy_not_found`; `rotation_policy_not_found` for every id, since this
 * version has no rotation policies yet.
 */
export const createAttachPolicies =
  ({ policies }: { readonly policies: Pick<SecretPolicyStore, 'find'> }): AttachPolicies =>
  async ({ scope, objectScope, partnerId }, { rotationPolicyId, secretPolicyId, nulls }) => {
    if (rotationPolicyId !== undefined) throw rotationPolicyNotFound();
    if (nulls.includes('secret_policy_id')) return { secretPolicy: null };
    if (secretPolicyId === undefined) return { secretPolicy: undefined };
    // A super_admin may write for another partner than the tenant's, whose policies are nobody's business there.
    const isOwn = objectScope.partnerId === partnerId;
    const owner = scopeId(scope);
    if (!isOwn || (await policies.find(owner, secretPolicyId)) === undefined) throw secretPolicyNotFound();
    return { secretPolicy: { scopeId: owner, id: secretPolicyId } };
  };

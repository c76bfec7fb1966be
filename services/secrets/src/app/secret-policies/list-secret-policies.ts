import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, scopeId } from '@scaivault/tenancy';
import type { SecretPolicy } from '../../domain/secret-policies/secret-policy.ts';
import type { SecretPolicyStore } from '../../ports.ts';

export interface SecretPoliciesRequest {
  /** Undefined: any. */
  readonly policyType: string | undefined;
  readonly includeInactive: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface SecretPoliciesResult {
  readonly policies: readonly SecretPolicy[];
  /** Undefined: these were the last. */
  readonly cursor: string | undefined;
}

/**
 * Lists a tenant's secret policies, oldest first: in the order of their ids, so that what is added while somebody turns
 * the pages comes behind them. 400 `invalid_cursor`.
 */
export const createListSecretPolicies =
  ({ policies, cursors }: { readonly policies: Pick<SecretPolicyStore, 'list'>; readonly cursors: CursorCodec }) =>
  async ({ scope }: Pick<Caller, 'scope'>, request: SecretPoliciesRequest): Promise<SecretPoliciesResult> => {
    const { policyType, includeInactive, limit } = request;
    const binding = {
      scopeId: scopeId(scope),
      route: 'ListSecretPolicies',
      filters: { policy_type: policyType, include_inactive: includeInactive },
    };
    const after = request.cursor === undefined ? '' : String(cursors.open(binding, request.cursor));
    const found = await policies.list(scopeId(scope), { policyType, includeInactive, after, limit });
    const last = found.policies.at(-1);
    const cursor = found.hasMore && last !== undefined ? cursors.seal(binding, last.id) : undefined;
    return { policies: found.policies, cursor };
  };

export type ListSecretPolicies = ReturnType<typeof createListSecretPolicies>;

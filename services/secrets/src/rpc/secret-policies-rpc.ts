import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListSecretPoliciesResponseSchema,
  type SecretPoliciesService,
} from '@scaivault/contracts/secrets/v1/secret_policies';
import { answerWith, callerOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { SecretPolicyUseCases } from '../app/secret-policies/use-cases.ts';
import { encodePreview, encodeSecretPolicy } from './encode-secret-policy.ts';

const defaultLimit = 100;
const defaultCount = 1;

/** SecretPoliciesService of the contract (rest-api-core 5). */
export const createSecretPoliciesRpc = (
  use: Omit<SecretPolicyUseCases, 'generateValue'>,
): ServiceImpl<typeof SecretPoliciesService> => ({
  async listSecretPolicies({ policyType, includeInactive, limit = defaultLimit, cursor }, context) {
    const request = { policyType, includeInactive, limit, cursor };
    const page = await use.listSecretPolicies(callerOf(context), request);
    return create(ListSecretPoliciesResponseSchema, {
      secretPolicies: page.policies.map(encodeSecretPolicy),
      cursor: page.cursor,
      hasMore: page.cursor !== undefined,
    });
  },

  async createSecretPolicy({ name, policyType, description, fields, isActive }, context) {
    const input = { name, policyType, description, fields, isActive };
    const policy = await use.createSecretPolicy(callerOf(context), input, onceOf(context));
    noteForAudit(context, { secret_policy_id: policy.id });
    answerWith(context, { location: `/v1/secret-policies/${policy.id}` });
    return encodeSecretPolicy(policy);
  },

  async readSecretPolicy({ secretPolicyId }, context) {
    noteForAudit(context, { secret_policy_id: secretPolicyId });
    return encodeSecretPolicy(await use.findSecretPolicy(scopeId(callerOf(context).scope), secretPolicyId));
  },

  async updateSecretPolicy({ secretPolicyId, name, policyType, description, fields, isActive, nulls }, context) {
    noteForAudit(context, { secret_policy_id: secretPolicyId });
    const change = {
      name,
      policyType,
      description,
      // A list that was left out and an empty one look the same on the wire.
      fields: fields.length === 0 ? undefined : fields,
      isActive,
      nulls,
    };
    return encodeSecretPolicy(await use.updateSecretPolicy(callerOf(context), secretPolicyId, change));
  },

  async deleteSecretPolicy({ secretPolicyId, force }, context) {
    noteForAudit(context, { secret_policy_id: secretPolicyId, force });
    await use.deleteSecretPolicy(callerOf(context), secretPolicyId, force);
    return create(EmptySchema);
  },

  async previewSecretPolicy({ secretPolicyId, count = defaultCount }, context) {
    noteForAudit(context, { secret_policy_id: secretPolicyId, count });
    const wanted = { count, signal: context.signal };
    return encodePreview(await use.previewSecretPolicy(callerOf(context), secretPolicyId, wanted));
  },

  async previewFields({ fields, count = defaultCount }, context) {
    noteForAudit(context, { count });
    return encodePreview(await use.previewFields(callerOf(context), fields, { count, signal: context.signal }));
  },
});

import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListBindingsResponseSchema,
  ListPoliciesResponseSchema,
  type PolicyService,
} from '@scaivault/contracts/policy/v1/policy';
import { answerWith, callerOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import type { Page } from '@scaivault/tenancy';
import type { createAnalyzePolicy } from '../app/analyze-policy.ts';
import type { createReplacePolicy, createUpdatePolicy } from '../app/change-policy.ts';
import type { createCreateBinding } from '../app/create-binding.ts';
import type { createCreatePolicy } from '../app/create-policy.ts';
import type { createDeleteBinding } from '../app/delete-binding.ts';
import type { createDeletePolicy } from '../app/delete-policy.ts';
import type { createListAccess } from '../app/list-access.ts';
import type { createListBindings } from '../app/list-bindings.ts';
import type { createListPolicies } from '../app/list-policies.ts';
import type { createReadPolicy } from '../app/read-policy.ts';
import type { createTestPolicies } from '../app/test-policies.ts';
import { decodeBoundType, decodeFields, decodePermission, decodeScope, decodeTest, decodeTime } from './decode.ts';
import { encodeBinding, encodeExplanation, encodePolicy, encodeSummary } from './encode.ts';
import { encodeAccess, encodeAnalysis } from './encode-analysis.ts';

export interface PolicyUseCases {
  readonly listPolicies: ReturnType<typeof createListPolicies>;
  readonly createPolicy: ReturnType<typeof createCreatePolicy>;
  readonly readPolicy: ReturnType<typeof createReadPolicy>;
  readonly replacePolicy: ReturnType<typeof createReplacePolicy>;
  readonly updatePolicy: ReturnType<typeof createUpdatePolicy>;
  readonly deletePolicy: ReturnType<typeof createDeletePolicy>;
  readonly listBindings: ReturnType<typeof createListBindings>;
  readonly createBinding: ReturnType<typeof createCreateBinding>;
  readonly deleteBinding: ReturnType<typeof createDeleteBinding>;
  readonly testPolicies: ReturnType<typeof createTestPolicies>;
  readonly analyzePolicy: ReturnType<typeof createAnalyzePolicy>;
  readonly listAccess: ReturnType<typeof createListAccess>;
}

const positionOf = ({ cursor }: Page<unknown>) => ({
  hasMore: cursor !== undefined,
  ...(cursor === undefined ? {} : { cursor }),
});

/** Access policies over the wire (rest-api-core 6.4). */
export const createPolicyService = (use: PolicyUseCases): ServiceImpl<typeof PolicyService> => ({
  listPolicies: async ({ scope, includeInactive, limit, cursor }, context) => {
    const filter = { scope: decodeScope(scope), includeInactive };
    const page = await use.listPolicies(callerOf(context), filter, { limit, cursor });
    return create(ListPoliciesResponseSchema, { policies: page.items.map(encodeSummary), ...positionOf(page) });
  },

  createPolicy: async (request, context) => {
    const input = { name: request.name, ...decodeFields(request) };
    const policy = await use.createPolicy(callerOf(context), input, onceOf(context));
    noteForAudit(context, { policy_id: policy.id, policy_scope: policy.scope });
    answerWith(context, { location: `/v1/policies/${policy.id}` });
    return encodePolicy({ policy, bindings: [] });
  },

  getPolicy: async ({ policyId }, context) => {
    noteForAudit(context, { policy_id: policyId });
    return encodePolicy(await use.readPolicy(callerOf(context), policyId));
  },

  replacePolicy: async (request, context) => {
    noteForAudit(context, { policy_id: request.policyId });
    const input = { name: request.name, ...decodeFields(request) };
    return encodePolicy(await use.replacePolicy(callerOf(context), request.policyId, input, onceOf(context)));
  },

  updatePolicy: async (request, context) => {
    noteForAudit(context, { policy_id: request.policyId });
    const patch = { name: request.name, nulls: request.nulls, ...decodeFields(request) };
    return encodePolicy(await use.updatePolicy(callerOf(context), request.policyId, patch));
  },

  deletePolicy: async ({ policyId, force }, context) => {
    noteForAudit(context, { policy_id: policyId, force });
    await use.deletePolicy(callerOf(context), policyId, force);
    return create(EmptySchema);
  },

  listBindings: async ({ policyId, limit, cursor }, context) => {
    noteForAudit(context, { policy_id: policyId });
    const page = await use.listBindings(callerOf(context), policyId, { limit, cursor });
    return create(ListBindingsResponseSchema, { bindings: page.items.map(encodeBinding), ...positionOf(page) });
  },

  createBinding: async ({ policyId, identityType, identityId, expiresAt }, context) => {
    noteForAudit(context, { policy_id: policyId, bound_identity_id: identityId });
    const input = {
      identityType: decodeBoundType(identityType),
      identityId,
      expiresAtMicros: decodeTime('expires_at', expiresAt),
    };
    const { binding, renewed } = await use.createBinding(callerOf(context), policyId, input, onceOf(context));
    noteForAudit(context, { binding_id: binding.id });
    if (renewed) answerWith(context, { status: 200 });
    else answerWith(context, { location: `/v1/policies/${policyId}/bindings/${binding.id}` });
    return encodeBinding(binding);
  },

  deleteBinding: async ({ policyId, bindingId }, context) => {
    noteForAudit(context, { policy_id: policyId, binding_id: bindingId });
    await use.deleteBinding(callerOf(context), policyId, bindingId);
    return create(EmptySchema);
  },

  testPolicies: async (request, context) =>
    encodeExplanation(await use.testPolicies(callerOf(context), decodeTest(request))),

  analyzePolicy: async ({ policyId, identityId }, context) => {
    noteForAudit(context, { policy_id: policyId, ...(identityId === undefined ? {} : { about: identityId }) });
    return encodeAnalysis(await use.analyzePolicy(callerOf(context), policyId, identityId));
  },

  listAccess: async ({ path, permission, limit, cursor }, context) => {
    noteForAudit(context, { path, permission });
    const question = { path, permission: decodePermission(permission) };
    return encodeAccess(await use.listAccess(callerOf(context), question, { limit, cursor }));
  },
});

import { create } from '@bufbuild/protobuf';
import {
  BindingSchema,
  PolicySchema,
  PolicySummarySchema,
  type TestPoliciesResponse,
  TestPoliciesResponseSchema,
  type Binding as WireBinding,
  type Policy as WirePolicy,
  type PolicySummary as WireSummary,
} from '@scaivault/contracts/policy/v1/policy';
import type { Explanation } from '@scaivault/policy-engine';
import { timestampOf } from '@scaivault/runtime';
import type { PolicyDocument } from '../app/read-policy.ts';
import type { Binding } from '../domain/binding.ts';
import type { PolicySummary } from '../domain/policy.ts';

const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

const expiryOf = (expiresAtMicros: number | null) =>
  expiresAtMicros === null ? {} : { expiresAt: timestampOf(expiresAtMicros) };

const describing = ({ description }: { readonly description: string | null }) =>
  description === null ? {} : { description };

export const encodePolicy = ({ policy, bindings }: PolicyDocument): WirePolicy =>
  create(PolicySchema, {
    id: policy.id,
    name: policy.name,
    ...describing(policy),
    scope: policy.scope,
    priority: policy.priority,
    rules: utf8(policy.rules.json),
    bindings: bindings.map(({ id, identityType, identityId, expiresAtMicros }) => ({
      id,
      identityType,
      identityId,
      ...expiryOf(expiresAtMicros),
    })),
    isActive: policy.isActive,
    createdAt: timestampOf(policy.createdAtMicros),
    updatedAt: timestampOf(policy.updatedAtMicros),
  });

export const encodeSummary = (policy: PolicySummary): WireSummary =>
  create(PolicySummarySchema, {
    id: policy.id,
    name: policy.name,
    ...describing(policy),
    scope: policy.scope,
    priority: policy.priority,
    ruleCount: policy.ruleCount,
    bindingCount: policy.bindingCount,
    isActive: policy.isActive,
    createdAt: timestampOf(policy.createdAtMicros),
    updatedAt: timestampOf(policy.updatedAtMicros),
  });

export const encodeBinding = (binding: Binding): WireBinding =>
  create(BindingSchema, {
    id: binding.id,
    policyId: binding.policyId,
    identityType: binding.identityType,
    identityId: binding.identityId,
    ...(binding.subjectId === null ? {} : { subjectId: binding.subjectId }),
    ...expiryOf(binding.expiresAtMicros),
    createdAt: timestampOf(binding.createdAtMicros),
    createdBy: binding.createdBy,
  });

const matchedOf = (matched: Explanation['matched']) =>
  matched === null
    ? {}
    : {
        matched: {
          policyId: matched.policyId,
          policyName: matched.policyName,
          ...(matched.ruleIndex === null ? {} : { ruleIndex: matched.ruleIndex }),
        },
      };

export const encodeExplanation = (explanation: Explanation): TestPoliciesResponse =>
  create(TestPoliciesResponseSchema, {
    allowed: explanation.allowed,
    reason: explanation.reason,
    ...matchedOf(explanation.matched),
    ...(explanation.failedCondition === null ? {} : { failedCondition: explanation.failedCondition }),
    evaluated: explanation.evaluated.map(({ rules, boundAs, ...policy }) => ({
      ...policy,
      boundAs: [...boundAs],
      rules: rules.map(({ failedCondition, ...rule }) => ({
        ...rule,
        ...(failedCondition === null ? {} : { failedCondition }),
      })),
    })),
  });

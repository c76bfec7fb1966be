import { create } from '@bufbuild/protobuf';
import {
  type PreviewResponse,
  PreviewResponseSchema,
  SecretPolicySchema,
  type SecretPolicy as WireSecretPolicy,
} from '@scaivault/contracts/secrets/v1/secret_policies';
import { timestampOf } from '@scaivault/runtime';
import type { Preview } from '../app/secret-policies/preview.ts';
import type { SecretPolicy } from '../domain/secret-policies/secret-policy.ts';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export const encodeSecretPolicy = ({ fields, description, ...policy }: SecretPolicy): WireSecretPolicy =>
  create(SecretPolicySchema, {
    id: policy.id,
    name: policy.name,
    policyType: policy.policyType,
    ...(description === null ? {} : { description }),
    fields: fields.map(({ name, generator, config }) => ({ name, generator, config: Buffer.from(config) })),
    isActive: policy.isActive,
    createdAt: timestampOf(policy.createdAtMicros),
    updatedAt: timestampOf(policy.updatedAtMicros),
  });

const oneDecimal = (bits: number): number => Math.round(bits * 10) / 10;

export const encodePreview = ({ samples, entropyBits }: Preview): PreviewResponse =>
  create(PreviewResponseSchema, {
    samples: samples.map(json),
    entropyBits: json(Object.fromEntries(Object.entries(entropyBits).map(([name, bits]) => [name, oneDecimal(bits)]))),
  });

import type { TestPoliciesRequest } from '@scaivault/contracts/policy/v1/policy';
import { fieldError } from '@scaivault/errors';
import { type Permission, permissions } from '@scaivault/policy-engine';
import { parseDuration, parseTimestamp } from '@scaivault/tenancy';
import type { PolicyInput } from '../app/create-policy.ts';
import type { TestInput } from '../app/test-policies.ts';
import type { BoundType } from '../domain/binding.ts';
import type { PolicyScope } from '../domain/policy.ts';

const scopes: readonly PolicyScope[] = ['tenant', 'partner'];
const boundTypes: readonly BoundType[] = ['user', 'service_account', 'group'];

const wordOf = <Word extends string>(field: string, words: readonly Word[], text: string): Word => {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw fieldError(field, 'enum', `must be one of ${words.join(', ')}`);
  return word;
};

export const decodeScope = (text: string | undefined): PolicyScope | undefined =>
  text === undefined ? undefined : wordOf('scope', scopes, text);

export const decodeBoundType = (text: string): BoundType => wordOf('identity_type', boundTypes, text);

/** Microseconds since the epoch, or null when nothing was sent. */
export const decodeTime = (field: string, text: string | undefined): number | null => {
  if (text === undefined) return null;
  const micros = parseTimestamp(text);
  if (micros === undefined) throw fieldError(field, 'format', 'must be an RFC 3339 timestamp');
  return micros;
};

/** What POST, PUT and PATCH have in common. */
export const decodeFields = (request: {
  readonly description?: string | undefined;
  readonly scope?: string | undefined;
  readonly priority?: number | undefined;
  readonly rules?: Uint8Array | undefined;
  readonly isActive?: boolean | undefined;
}): Omit<PolicyInput, 'name'> => ({
  description: request.description,
  scope: decodeScope(request.scope),
  priority: request.priority,
  rules: request.rules,
  isActive: request.isActive,
});

export const decodePermission = (text: string): Permission => wordOf('permission', permissions, text);

export const decodeTest = ({ identityId, path, permission, context }: TestPoliciesRequest): TestInput => ({
  identityId,
  path,
  permission: decodePermission(permission),
  sourceIp: context?.sourceIp ?? null,
  mfaVerified: context?.mfaVerified ?? false,
  atMicros: decodeTime('context.timestamp', context?.timestamp),
  tokenAgeSeconds: parseDuration(context?.tokenAge ?? '0s', { field: 'context.token_age', allowZero: true }).seconds,
});

import { compileGlob } from '@scaivault/tenancy';
import type { BindingRecord, PolicyRecord, PolicyRequest, PolicySubject, RuleDocument } from '../src/index.ts';

/** `allow:<policy>.<rule>`, `deny:<policy>.<rule>`, `failed:<condition>@<policy>.<rule>`, `role` or `none`. */
export type Verdict = string;

const matchesBinding = (binding: BindingRecord, subject: PolicySubject, nowMs: number): boolean => {
  if (binding.expiresAtMs !== null && binding.expiresAtMs <= nowMs) return false;
  const parties = [
    { type: subject.identityType, name: subject.identityId, pin: subject.subjectId },
    ...subject.groups.map((group) => ({ type: 'group', name: group.identityId, pin: group.subjectId })),
  ];
  return parties.some(
    ({ type, name, pin }) =>
      type === binding.identityType &&
      (binding.subjectId === null ? name === binding.identityId : pin === binding.subjectId),
  );
};

/** Only the conditions the property test draws. */
const firstFailure = (document: RuleDocument, subject: PolicySubject, request: PolicyRequest): string | undefined => {
  const { identity_types: types, require_mfa: mfa } = document.conditions ?? {};
  if (types !== undefined && !types.includes(subject.identityType)) return 'identity_types';
  const verifiedMs = request.token.mfaVerifiedAtMs;
  if (mfa && (verifiedMs === null || request.nowMs - verifiedMs > 15 * 60_000)) return 'require_mfa';
  return undefined;
};

/** The evaluation read off the contract step by step, with no index and nothing compiled ahead. */
export const naiveEvaluate = (
  records: readonly PolicyRecord[],
  subject: PolicySubject,
  request: PolicyRequest,
): Verdict => {
  const sorted = [...records]
    .filter((record) => record.bindings.some((binding) => matchesBinding(binding, subject, request.nowMs)))
    .sort((a, b) => a.priority - b.priority || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  let remembered: Verdict | undefined;
  for (const record of sorted) {
    for (const [index, document] of record.rules.entries()) {
      if (!compileGlob(document.path_pattern).matches(request.path)) continue;
      if (!document.permissions.some((word) => word === request.permission || word === 'admin')) continue;
      const failed = firstFailure(document, subject, request);
      if (failed === undefined) return `${document.effect}:${record.name}.${index}`;
      if (document.effect === 'allow') remembered ??= `failed:${failed}@${record.name}.${index}`;
    }
  }
  return subject.isTenantAdmin ? 'role' : (remembered ?? 'none');
};

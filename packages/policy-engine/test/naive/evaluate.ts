import type { BindingRecord, PolicyRecord, PolicyRequest, PolicySubject, RuleDocument } from '../../src/index.ts';
import { naiveFailure } from './conditions.ts';
import { naiveGlob } from './glob.ts';

/** What rest-api-core says of a request: whether, why, by which rule, and with which code. */
export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
  /** `<policy id>.<rule>`, or null. */
  readonly rule: string | null;
  readonly code: string | null;
  readonly failedCondition: string | null;
  readonly mfaMaxAge: string | null;
}

const isLive = ({ expiresAtMs }: BindingRecord, nowMs: number): boolean => expiresAtMs === null || nowMs < expiresAtMs;

const bindsTo = (binding: BindingRecord, subject: PolicySubject): boolean => {
  const parties = [
    { type: subject.identityType as string, name: subject.identityId, pin: subject.subjectId },
    ...subject.groups.map((group) => ({ type: 'group', name: group.identityId, pin: group.subjectId })),
  ];
  return parties.some(
    ({ type, name, pin }) =>
      type === binding.identityType &&
      (binding.subjectId === null ? name === binding.identityId : pin === binding.subjectId),
  );
};

const codes: Readonly<Record<string, string>> = {
  ip_ranges: 'ip_not_allowed',
  time_window: 'time_window_violation',
  require_mfa: 'mfa_required',
};

const plain = (allowed: boolean, reason: string, rule: string | null): Verdict => ({
  allowed,
  reason,
  rule,
  code: allowed ? null : 'access_denied',
  failedCondition: null,
  mfaMaxAge: null,
});

const failing = (rule: string | null, name: string, mfaMaxAge: string | null = null): Verdict => ({
  ...plain(false, 'condition_failed', rule),
  code: codes[name] ?? 'access_denied',
  failedCondition: name,
  mfaMaxAge,
});

type Effect = 'allows' | 'denies' | { readonly failed: string; readonly mfaMaxAge?: string | undefined } | undefined;

/** What one rule has to say: undefined when it does not apply and is not remembered either. */
const effectOf = (document: RuleDocument, subject: PolicySubject, request: PolicyRequest): Effect => {
  const isAllow = document.effect === 'allow';
  const matches = naiveGlob(document.path_pattern, request.path);
  if (matches === false) return undefined;
  const words: readonly string[] = document.permissions;
  if (!words.includes(request.permission) && !words.includes('admin')) return undefined;
  if (matches === undefined) return isAllow ? { failed: 'path_pattern' } : 'denies';
  const conditions = (document.conditions ?? {}) as Readonly<Record<string, unknown>>;
  const failure = naiveFailure(conditions, subject, request);
  if (failure === undefined) return isAllow ? 'allows' : 'denies';
  // What nobody can read: an allow rule never applies, a deny rule always does.
  if (!isAllow && failure.isUnknown) return 'denies';
  return isAllow ? { failed: failure.name, mfaMaxAge: failure.mfaMaxAge } : undefined;
};

/**
 * The evaluation of rest-api-core 6.5 read off the page step by step: no index, nothing compiled, sorted or remembered
 * ahead, and not a line of the engine. Where the two disagree, one of them has not read the page.
 */
export const naiveEvaluate = (
  records: readonly PolicyRecord[],
  subject: PolicySubject,
  request: PolicyRequest,
): Verdict => {
  const { allowedPaths } = request.token;
  if (allowedPaths !== null && !allowedPaths.some(({ pattern }) => naiveGlob(pattern, request.path))) {
    return { ...failing(null, 'allowed_paths'), reason: 'allowed_paths' };
  }
  const concerned = records
    .filter(({ bindings }) => bindings.some((each) => isLive(each, request.nowMs) && bindsTo(each, subject)))
    .sort((a, b) => a.priority - b.priority || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  let remembered: Verdict | undefined;
  for (const { id, rules } of concerned) {
    for (const [index, document] of rules.entries()) {
      const rule = `${id}.${index}`;
      const effect = effectOf(document, subject, request);
      if (effect === 'allows') return plain(true, 'allowed_by_rule', rule);
      if (effect === 'denies') return plain(false, 'denied_by_rule', rule);
      if (effect !== undefined) remembered ??= failing(rule, effect.failed, effect.mfaMaxAge);
    }
  }
  if (subject.isTenantAdmin) return plain(true, 'allowed_by_role', null);
  return remembered ?? plain(false, 'no_matching_rule', null);
};

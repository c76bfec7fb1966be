import { subjectKeys } from './binding-key.ts';
import type { PolicyBundle } from './compile-policies.ts';
import type { CompiledPolicy } from './compile-rule.ts';
import { type Decision, outsideAllowedPaths } from './decision.ts';
import { createJudge, type Judge } from './judge.ts';
import { rulesNear, visitMerged } from './path-index.ts';
import type { PolicyRequest, PolicySubject } from './policy-request.ts';

/** Judges requests of one subject. */
export type Evaluator = (request: PolicyRequest) => Decision;

/** The policies of these identities in the order they are tried, expired bindings included. */
export const policiesOf = ({ byBinding }: PolicyBundle, keys: readonly string[]): readonly CompiledPolicy[] => {
  const lists = keys.map((key) => byBinding.get(key)).filter((list) => list !== undefined);
  if (lists.length <= 1) return lists[0] ?? [];
  return [...new Set(lists.flat())].sort((a, b) => a.order - b.order);
};

const tryPolicies = (policies: readonly CompiledPolicy[], judge: Judge): Decision | undefined => {
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const decision = judge.consider(rule);
      if (decision !== undefined) return decision;
    }
  }
  return undefined;
};

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** True when the token itself keeps its bearer away from this path (rest-api-core 6.5, step 1). */
export const isOutsideAllowedPaths = ({ path, token: { allowedPaths } }: PolicyRequest): boolean =>
  allowedPaths !== null && !allowedPaths.some((glob) => glob.matches(path));

/**
 * Collects what concerns one subject once and then judges any number of requests, as lists and batches need. Decides as
 * rest-api-core 6.5 says; it never throws for a request, and what is unknown (null) counts against the caller.
 */
export const evaluatorFor = (bundle: PolicyBundle, subject: PolicySubject): Evaluator => {
  const keys = subjectKeys(subject);
  const boundCount = sum(keys.map((key) => bundle.ruleCountByBinding.get(key) ?? 0));
  let policies: readonly CompiledPolicy[] | undefined;

  return (request) => {
    if (isOutsideAllowedPaths(request)) return outsideAllowedPaths;
    const judge = createJudge(subject, keys, request);
    // Both ways show the judge every rule that can decide, in the same order; the shorter one is taken. A caller with a
    // few policies goes through those, one with thousands through the rules around the path.
    const near = rulesNear(bundle.pathIndex(request.permission), request.path);
    const nearCount = sum(near.map((list) => list.length));
    if (nearCount <= boundCount) return visitMerged(near, judge.consider) ?? judge.conclude();
    policies ??= policiesOf(bundle, keys);
    return tryPolicies(policies, judge) ?? judge.conclude();
  };
};

/** Judges one request of one subject (rest-api-core 6.5); see `evaluatorFor`. */
export const evaluate = (bundle: PolicyBundle, subject: PolicySubject, request: PolicyRequest): Decision =>
  evaluatorFor(bundle, subject)(request);

import type { Brand } from './brand.ts';
import { findPathFault, invalidPath, maxPathLength, maxPathSegments } from './path-grammar.ts';
import { type PathPrefix, parsePathPrefix } from './path-prefix.ts';
import type { Scope } from './scope.ts';
import type { SecretPath } from './secret-path.ts';

/** The path that access policies see (rest-api-core 2.5): a secret's own, or one below a reserved first segment. */
export type PolicyPath = Brand<'PolicyPath'>;

const partnerMark = 'partner/';

/**
 * A policy path from text, reserved first segments included; below `partner/` the bounds of a secret path count from
 * after that segment, so every partner secret has one (rest-api-core 2.5). 400 `invalid_path` otherwise.
 */
export const parsePolicyPath = (text: string): PolicyPath => {
  const bounds = text.startsWith(partnerMark)
    ? { length: partnerMark.length + maxPathLength, segments: 1 + maxPathSegments }
    : { length: maxPathLength, segments: maxPathSegments };
  const fault = findPathFault(text, bounds);
  if (fault !== undefined) throw invalidPath(text, fault);
  return text as PolicyPath;
};

/** Where policies look for this secret: the path itself, or `partner/<path>` for a partner's (rest-api-core 2.5). */
export const policyPathOf = (scope: Pick<Scope, 'kind'>, path: SecretPath): PolicyPath =>
  (scope.kind === 'partner' ? `${partnerMark}${path}` : path) as string as PolicyPath;

/**
 * The prefix of policy paths that a list looks below: the one asked for, in a partner's scope below `partner/`; undefined
 * for all that a tenant has. 400 `invalid_path` for a prefix below which no policy path can lie.
 */
export const policyPrefixOf = (scope: Scope, prefix: PathPrefix | undefined): PathPrefix | undefined =>
  scope.kind === 'partner' ? parsePathPrefix(`${partnerMark}${prefix?.text ?? ''}`) : prefix;

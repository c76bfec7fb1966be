import type { Brand } from './brand.ts';
import { findPathFault, invalidPath, maxPathLength, maxPathSegments } from './path-grammar.ts';

/** The checked path of a secret inside its scope; the one spelling that is judged, stored and audited. */
export type SecretPath = Brand<'SecretPath'>;

/** First segments that belong to the policy paths of other objects (rest-api-core 1.1 and 2.5). */
export const reservedFirstSegments: ReadonlySet<string> = new Set([
  'partner',
  'pki',
  'acme',
  'dns',
  'rotation',
  'dynamic',
  'federation',
]);

const firstSegment = (text: string): string => {
  const slash = text.indexOf('/');
  return slash === -1 ? text : text.slice(0, slash);
};

/**
 * A secret's path from request text, already percent-decoded (rest-api-core 1.1). 400 `invalid_path` with `details`
 * {`path`, `reason`: `grammar`, `too_long`, `too_many_segments` or `reserved_prefix`}.
 */
export const parseSecretPath = (text: string): SecretPath => {
  const fault = findPathFault(text, { length: maxPathLength, segments: maxPathSegments });
  if (fault !== undefined) throw invalidPath(text, fault);
  if (reservedFirstSegments.has(firstSegment(text))) throw invalidPath(text, 'reserved_prefix');
  return text as SecretPath;
};

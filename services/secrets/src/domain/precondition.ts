import { VaultError } from '@scaivault/errors';
import type { SecretPath } from '@scaivault/tenancy';
import { parseIfMatch, requireAnyVersion } from './entity-tag.ts';
import { versionConflict } from './refusals.ts';

/** What a writer demands of the present state: this version, 0 for no secret at all, or any secret; undefined: nothing. */
export type Precondition = number | 'exists' | undefined;

export interface PreconditionStatements {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly expectedVersion?: number | undefined;
}

const contradiction = (): VaultError =>
  new VaultError('invalid_request', 'If-Match, If-None-Match and options.expected_version contradict each other.', {
    details: { reason: 'contradictory_preconditions' },
  });

const both = (one: Precondition, other: Precondition): Precondition => {
  if (one === undefined || one === other) return other;
  if (other === undefined) return one;
  if (one === 'exists' && other !== 0) return other;
  if (other === 'exists' && one !== 0) return one;
  throw contradiction();
};

/** The one condition that all statements of a request come to; 400 `invalid_request` when they cannot all hold. */
export const readPrecondition = ({ ifMatch, ifNoneMatch, expectedVersion }: PreconditionStatements): Precondition => {
  const matched = ifMatch === undefined ? undefined : parseIfMatch(ifMatch);
  if (ifNoneMatch !== undefined) requireAnyVersion(ifNoneMatch);
  const absent = ifNoneMatch === undefined ? undefined : 0;
  return both(both(matched === '*' ? 'exists' : matched, absent), expectedVersion);
};

/** 409 `version_conflict` unless the condition holds; `currentVersion` is 0 when there is no secret (rest-api-core 1.7). */
export const requirePrecondition = (condition: Precondition, path: SecretPath, currentVersion: number): void => {
  if (condition === undefined || condition === currentVersion) return;
  if (condition === 'exists' && currentVersion > 0) return;
  throw versionConflict(path, currentVersion);
};

import { fieldError } from '@scaivault/errors';
import { parseDuration } from '@scaivault/tenancy';
import { inside, type Place, unsound } from '../place.ts';
import type { Condition } from './condition.ts';

const defaultMaxAge = '15m';

/**
 * Reads the pair `require_mfa` and `mfa_max_age`, of which only the first is a condition of its own; undefined when
 * neither is there. Holds while the second factor is fresh enough.
 */
export const readRequireMfa = (
  conditions: Readonly<Record<string, unknown>>,
  conditionsPlace: Place,
): Condition | undefined => {
  const { require_mfa: required, mfa_max_age: maxAge } = conditions;
  if (required === undefined) {
    if (maxAge !== undefined) throw unsound(inside(conditionsPlace, 'mfa_max_age'), 'needs require_mfa beside it');
    return undefined;
  }
  const place = inside(conditionsPlace, 'require_mfa');
  if (typeof required !== 'boolean') throw fieldError(place.field, 'type', 'must be true');
  if (!required) throw unsound(place, 'can only be true; leave it out to ask for no second factor');

  const { text, seconds } = parseDuration(maxAge === undefined ? defaultMaxAge : maxAge, {
    field: inside(conditionsPlace, 'mfa_max_age').field,
  });
  return {
    name: 'require_mfa',
    code: 'mfa_required',
    mfaMaxAge: text,
    isAboutRequest: true,
    holds: ({ nowMs, mfaVerifiedAtMs }) => mfaVerifiedAtMs !== null && nowMs - mfaVerifiedAtMs <= seconds * 1000,
  };
};

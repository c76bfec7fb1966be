import type { Caller, Target } from '@scaivault/pipeline';
import { secretExpired, versionNotFound } from '../domain/refusals.ts';
import { isRetired } from '../domain/version-state.ts';
import type { StoredSecret, StoredValue } from '../ports.ts';
import { requireLiving } from './require-living.ts';

export interface ReadableVersion {
  readonly secret: StoredSecret;
  readonly value: StoredValue;
}

/**
 * The version when it can be read by the states of rest-api-core 4.1; else 404 `secret_not_found`, `version_not_found`
 * or 410 `secret_expired`. `version` is the number asked for, undefined for the current one.
 */
export const requireReadable = (
  caller: Pick<Caller, 'judge'>,
  target: Target,
  stored: StoredSecret | undefined,
  version: number | undefined,
  nowMicros: number,
): ReadableVersion => {
  const { path } = target;
  const secret = requireLiving(caller, target, stored, nowMicros);
  const { value, currentVersion } = secret;
  if (value === undefined) throw versionNotFound(path, version ?? currentVersion);
  if (value.version !== currentVersion && isRetired(value.graceEndsAtMicros, nowMicros)) {
    throw versionNotFound(path, value.version, 'grace_period_ended');
  }
  const { expiresAtMicros } = value;
  if (expiresAtMicros !== null && nowMicros >= expiresAtMicros)
    throw secretExpired(path, value.version, expiresAtMicros);
  return { secret, value };
};

import { VaultError } from '@scaivault/errors';
import { formatSeconds, type SecretPath } from '@scaivault/tenancy';
import { recoverableUntil } from './recovery.ts';

const timeText = (micros: number): string => formatSeconds(micros / 1000);

const recovery = (deletedAtMicros: number) => ({
  deleted_at: timeText(deletedAtMicros),
  recoverable_until: timeText(recoverableUntil(deletedAtMicros)),
});

/** 404; `deletedAtMicros` is given only when the caller may know that there was one. */
export const secretNotFound = (path: SecretPath, deletedAtMicros?: number): VaultError =>
  new VaultError('secret_not_found', 'There is no such secret.', {
    details: { path, ...(deletedAtMicros === undefined ? {} : recovery(deletedAtMicros)) },
  });

/** 404; `reason` says why a version that is known cannot be read. */
export const versionNotFound = (path: SecretPath, version: number, reason?: 'grace_period_ended'): VaultError =>
  new VaultError('version_not_found', `The secret has no readable version ${version}.`, {
    details: { path, version, ...(reason === undefined ? {} : { reason }) },
  });

/** 404 for the id of a rotation policy: this version has none that a secret could be attached to. */
export const rotationPolicyNotFound = (): VaultError =>
  new VaultError('rotation_policy_not_found', 'There is no such rotation policy.');

/** 409 for a change of metadata that was meant for another revision (rest-api-core 1.7). */
export const revisionConflict = (path: SecretPath, currentRevision: number): VaultError =>
  new VaultError('version_conflict', `The metadata is at revision ${currentRevision}.`, {
    details: { path, current_revision: currentRevision },
  });

export const secretExpired = (path: SecretPath, version: number, expiresAtMicros: number): VaultError =>
  new VaultError('secret_expired', `Version ${version} of the secret has expired.`, {
    details: { path, version, expires_at: timeText(expiresAtMicros) },
  });

/** 409 for a path whose softly deleted secret must be restored or purged first. */
export const deletedSecretExists = (path: SecretPath, deletedAtMicros: number): VaultError =>
  new VaultError('secret_exists', 'A deleted secret is still kept at this path. Restore it or purge it first.', {
    details: { path, ...recovery(deletedAtMicros) },
  });

/** 409 for restoring what was not deleted. */
export const livingSecretExists = (path: SecretPath): VaultError =>
  new VaultError('secret_exists', 'The secret is not deleted.', {
    details: { path, deleted_at: null, recoverable_until: null },
  });

export const versionConflict = (path: SecretPath, currentVersion: number): VaultError =>
  new VaultError(
    'version_conflict',
    currentVersion === 0 ? 'The secret does not exist.' : `The secret is at version ${currentVersion}.`,
    { details: { path, current_version: currentVersion } },
  );

import type { EventContent, EventOrigin, FilterFacts } from '@scaivault/outbox';
import { formatSeconds } from '@scaivault/tenancy';
import type { ExpiryNotice } from './expiry-notices.ts';
import type { SecretFacts } from './secret.ts';
import { tagsOf } from './secret-metadata.ts';

/** Something that happens to a secret (rest-api-core 8.2); where the secret lies is known to whoever writes it down. */
export type SecretEvent = EventContent & { readonly origin: EventOrigin; readonly secret: FilterFacts };

/** What is told of a write, by what the secret is afterwards. */
export type TellWrite = (facts: SecretFacts) => readonly SecretEvent[];

const timeText = (micros: number): string => formatSeconds(micros / 1000);

const about = (
  { secretType, tags }: Pick<SecretFacts, 'secretType' | 'tags'>,
  origin: EventOrigin,
  content: EventContent,
): SecretEvent => ({
  ...content,
  origin,
  secret: { secretType, tags },
});

/** A version that came behind that one; behind 0 it made the secret. */
export const versionWritten =
  (origin: EventOrigin, behind: number): TellWrite =>
  (facts) => {
    const { currentVersion, secretType, tags, expiresAtMicros } = facts;
    const by = origin.identityId;
    if (behind > 0) {
      const data = { old_version: behind, new_version: currentVersion, updated_by: by, is_rotation: false };
      return [about(facts, origin, { type: 'secret.updated', data })];
    }
    const expires_at = expiresAtMicros === null ? null : timeText(expiresAtMicros);
    const data = { version: currentVersion, secret_type: secretType, created_by: by, tags, expires_at };
    return [about(facts, origin, { type: 'secret.created', data })];
  };

/** A version that took the place of that one by a rotation: it is an update too. */
export const versionRotated =
  (
    origin: EventOrigin,
    behind: number,
    rotation: { readonly graceEndsAtMicros: number; readonly isGenerated: boolean },
  ): TellWrite =>
  (facts) => {
    const versions = { old_version: behind, new_version: facts.currentVersion };
    return [
      about(facts, origin, {
        type: 'secret.updated',
        data: { ...versions, updated_by: origin.identityId, is_rotation: true },
      }),
      about(facts, origin, {
        type: 'secret.rotated',
        data: {
          ...versions,
          rotation_policy_id: null,
          rotation_policy_name: null,
          grace_period_ends: timeText(rotation.graceEndsAtMicros),
          auto_generated: rotation.isGenerated,
        },
      }),
    ];
  };

/** Fields by the names that the metadata of a secret shows them under. */
const changeable = {
  secret_type: ({ secretType }: SecretFacts) => secretType,
  metadata: ({ metadata }: SecretFacts) => metadata,
  max_versions: ({ maxVersions }: SecretFacts) => maxVersions,
  notify_before: ({ notifyBefore }: SecretFacts) => notifyBefore.join(),
  expires_at: ({ expiresAtMicros }: SecretFacts) => expiresAtMicros,
  secret_policy_id: ({ secretPolicy }: SecretFacts) => secretPolicy?.id,
};

/** A change without a new version. */
export const metadataChanged = (origin: EventOrigin, before: SecretFacts, after: SecretFacts): SecretEvent =>
  about(after, origin, {
    type: 'secret.updated',
    data: {
      old_version: after.currentVersion,
      new_version: after.currentVersion,
      updated_by: origin.identityId,
      is_rotation: false,
      changed_fields: Object.entries(changeable).flatMap(([name, of]) => (of(before) === of(after) ? [] : [name])),
    },
  });

/** Without an end of its recovery it was deleted for good. */
export const secretDeleted = (
  origin: EventOrigin,
  facts: SecretFacts,
  versionCount: number,
  recoverableUntilMicros: number | undefined,
): SecretEvent =>
  about(facts, origin, {
    type: 'secret.deleted',
    data: {
      version_count: versionCount,
      deleted_by: origin.identityId,
      permanent: recoverableUntilMicros === undefined,
      ...(recoverableUntilMicros === undefined ? {} : { recoverable_until: timeText(recoverableUntilMicros) }),
    },
  });

export const secretRestored = (origin: EventOrigin, facts: SecretFacts): SecretEvent =>
  about(facts, origin, {
    type: 'secret.restored',
    data: { version: facts.currentVersion, restored_by: origin.identityId },
  });

export const versionsDestroyed = (origin: EventOrigin, facts: SecretFacts, versions: readonly number[]): SecretEvent =>
  about(facts, origin, { type: 'secret.destroyed', data: { versions, destroyed_by: origin.identityId } });

export const expiryNoticed = (origin: EventOrigin, facts: SecretFacts, notice: ExpiryNotice): SecretEvent => {
  const expires_at = timeText(notice.expiresAtMicros);
  if (notice.kind === 'expired')
    return about(facts, origin, { type: 'secret.expired', data: { version: notice.version, expires_at } });
  const { daysRemaining: days_remaining, threshold } = notice;
  return about(facts, origin, { type: 'secret.expiring', data: { expires_at, days_remaining, threshold } });
};

/** A value that is handed out. */
export const secretAccessed = (
  origin: EventOrigin,
  { secretType, metadata }: { readonly secretType: string; readonly metadata: string },
  access: {
    readonly version: number;
    readonly identityType: string;
    readonly sourceIp: string | null;
    readonly isBatch: boolean;
  },
): SecretEvent =>
  about({ secretType, tags: tagsOf(metadata) }, origin, {
    type: 'secret.accessed',
    data: {
      version: access.version,
      identity_type: access.identityType,
      source_ip: access.sourceIp,
      batch: access.isBatch,
    },
  });

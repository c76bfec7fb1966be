import type { ScopeId } from '@scaivault/tenancy';

/** Everything about a stored secret but its values; times in microseconds since the epoch. */
export interface SecretFacts {
  readonly secretType: string;
  readonly currentVersion: number;
  readonly maxVersions: number;
  /** JSON text. */
  readonly metadata: string;
  /** Those of the metadata, in their order. */
  readonly tags: readonly string[];
  readonly metadataRevision: number;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
  /** Of the current version. */
  readonly expiresAtMicros: number | null;
  readonly lastAccessedAtMicros: number | null;
  readonly deletedAtMicros: number | null;
  /** Durations before the expiry at which a notice is due, as they were sent. */
  readonly notifyBefore: readonly string[];
  /** The secret policy that generates its values. */
  readonly secretPolicy: SecretPolicyRef | null;
  /** When something next happens to it by itself (see `nextDue`); null: never. */
  readonly dueAtMicros: number | null;
}

/** A secret policy by the tenant it belongs to; a partner's secret uses one of the tenant it was set in. */
export interface SecretPolicyRef {
  readonly scopeId: ScopeId;
  readonly id: string;
}

/** Everything about one version but its value. */
export interface VersionFacts {
  readonly version: number;
  readonly secretType: string;
  readonly createdAtMicros: number;
  /** Identity string of the writer. */
  readonly createdBy: string;
  readonly expiresAtMicros: number | null;
  /** End of the time in which it stays readable after a rotation; null: no rotation took its place. */
  readonly graceEndsAtMicros: number | null;
  /** Whether a rotation wrote it. */
  readonly isRotation: boolean;
  readonly destroyedAtMicros: number | null;
}

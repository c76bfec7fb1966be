/** Everything about a stored secret but its values; times in microseconds since the epoch. */
export interface SecretFacts {
  readonly secretType: string;
  readonly currentVersion: number;
  readonly maxVersions: number;
  /** JSON text. */
  readonly metadata: string;
  readonly metadataRevision: number;
  readonly createdAtMicros: number;
  readonly updatedAtMicros: number;
  /** Of the current version. */
  readonly expiresAtMicros: number | null;
  readonly lastAccessedAtMicros: number | null;
  readonly deletedAtMicros: number | null;
}

/** Everything about one version but its value. */
export interface VersionFacts {
  readonly version: number;
  readonly secretType: string;
  readonly createdAtMicros: number;
  /** Identity string of the writer. */
  readonly createdBy: string;
  readonly expiresAtMicros: number | null;
  readonly destroyedAtMicros: number | null;
}

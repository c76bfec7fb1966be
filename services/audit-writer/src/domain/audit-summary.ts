/** What became of a path in the last 30 days (rest-api-core 7.2). */
export interface SecretSummary {
  readonly reads: number;
  readonly writes: number;
  readonly denied: number;
  readonly uniqueIdentities: number;
  /** Microseconds since the epoch. */
  readonly lastReadMicros: number | null;
  readonly lastWrittenMicros: number | null;
}

/** What an identity did in the last 30 days. */
export interface IdentitySummary {
  readonly totalEvents: number;
  readonly denied: number;
  readonly uniquePaths: number;
  /** Microseconds since the epoch. */
  readonly firstSeenMicros: number | null;
  readonly lastSeenMicros: number | null;
}

/** A tenant's records in a window. */
export interface LogSummary {
  readonly totalEvents: number;
  readonly successfulEvents: number;
  readonly uniqueIdentities: number;
  readonly uniquePaths: number;
  readonly byAction: Readonly<Record<string, number>>;
  readonly byErrorCode: Readonly<Record<string, number>>;
}

export type ExportFormat = 'jsonl' | 'csv';

export type ExportStatus = 'pending' | 'running' | 'completed' | 'failed';

/** An object that an export has written. */
export interface ExportFile {
  /** Its whole name in the bucket. */
  readonly name: string;
  readonly bytes: number;
  /** Audit records in it. */
  readonly records: number;
  readonly sha256: Buffer;
}

/** Why an export has ended without its manifest; the message is for people and names nothing that is secret. */
export interface ExportError {
  readonly code: string;
  readonly message: string;
}

/** What the tenant is told of an export (rest-api-core 7.2). */
export interface AuditExport {
  readonly id: string;
  readonly status: ExportStatus;
  readonly format: ExportFormat;
  readonly recordCount: number;
  readonly createdAtMicros: number;
  readonly completedAtMicros: number | null;
  readonly checkpointIds: readonly string[];
  readonly error: ExportError | undefined;
  readonly files: readonly ExportFile[];
}

/** Checkpoints that an export names itself; of more the first half and the last. */
const mostNamed = 100;

/** The ids that an export names, with more behind those it has named so far. */
export const nameCheckpoints = (named: readonly string[], more: readonly string[]): readonly string[] => {
  const all = [...named, ...more];
  return all.length <= mostNamed ? all : [...all.slice(0, mostNamed / 2), ...all.slice(-mostNamed / 2)];
};

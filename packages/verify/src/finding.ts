export type Reason =
  | 'record_changed'
  | 'record_missing'
  | 'chain_broken'
  | 'signature_invalid'
  | 'file_changed'
  | 'file_missing';

/** One thing that is wrong. */
export interface Finding {
  readonly reason: Reason;
  /** The record; of a checkpoint that is wrong itself, its first one; null for files and manifests. */
  readonly eventSeq: number | null;
  readonly checkpointId: string | null;
  /** For people. */
  readonly what: string;
}

/** Takes what is found. */
export type Report = (finding: Finding) => void;

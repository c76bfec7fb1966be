/** What a process says about a bucket that it shares with others. */
export interface BucketReport {
  readonly key: string;
  /** Capacity, and refill in a minute. */
  readonly perMinute: number;
  /** Units taken here since the last report; less than none when more were put back. */
  readonly spent: number;
  /** Units that this process believes are left, its own `spent` taken off. */
  readonly level: number;
  /** Name of the bucket's life in the ledger that `spent` goes on from; empty when this process knows none. */
  readonly life: string;
}

export interface SettledBucket {
  /** Units left of what all processes have reported; below zero when they took more than there was. */
  readonly level: number;
  /** A ledger that has lost a bucket begins a new life of it. */
  readonly life: string;
}

/** Where processes that share buckets add up what each of them has taken. */
export interface SharedLedger {
  /**
   * Enters the reports at once and answers each, in their order. A bucket that is not there begins at the reporter's own
   * level; where the reporter knows another life than the ledger, or none, the lower of both levels holds. So neither a
   * ledger that has lost everything nor a report that was entered without an answer refills a bucket, or charges twice.
   */
  settle(reports: readonly BucketReport[]): Promise<readonly SettledBucket[]>;
  close(): void;
}

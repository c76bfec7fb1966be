/** How the parts are that a process has beside its services; for the health report (rest-api-core 12). */
export interface ProcessHealth {
  /** Undefined where no Redis is used. */
  readonly redis: (() => Promise<RedisHealth>) | undefined;
  readonly journal: () => JournalHealth;
}

export interface RedisHealth {
  /** Bytes that Redis says it uses; the call rejects when it does not answer. */
  readonly memoryUsedBytes: number;
}

export interface JournalHealth {
  /** Records not yet stored. */
  readonly backlogRecords: number;
  /** Age of the oldest of them in milliseconds, 0 without any. */
  readonly oldestMs: number;
  /** False while the journal takes none. */
  readonly isWritable: boolean;
}

import type { Once } from '@scaivault/pipeline';
import type { PathRange, PolicyPath, ScopeId } from '@scaivault/tenancy';
import type { AuditRow, LoggedRow } from './domain/audit-row.ts';
import type { IdentitySummary, LogSummary, SecretSummary } from './domain/audit-summary.ts';
import type { LogWindow } from './domain/log-window.ts';
import type { WindowParts } from './domain/split-window.ts';

/** Microseconds since the epoch, rising with every call. */
export type Clock = () => number;

/** Where a row stands in the order of the log: by time, then by number. */
export interface LogPosition {
  readonly tsMicros: number;
  readonly eventSeq: number;
}

export interface LogFilter {
  /** Each action once; none = all. */
  readonly actions: readonly string[];
  readonly identityId: string | undefined;
  readonly identityType: string | undefined;
  /** Paths below a prefix, or one path. */
  readonly path: PathRange | PolicyPath | undefined;
  readonly success: boolean | undefined;
  /** In its canonical spelling. */
  readonly sourceIp: string | undefined;
  readonly requestId: string | undefined;
}

export interface LogPage {
  readonly window: LogWindow;
  readonly order: 'desc' | 'asc';
  readonly after: LogPosition | undefined;
  readonly limit: number;
}

export interface Added {
  /** How many were new. */
  readonly stored: number;
  /** Ids of rows no younger than what retention has removed: they may be among that, so nothing was stored. */
  readonly tooOld: readonly string[];
}

/** The audit log, tenant by tenant. Rows are added and read, never changed. */
export interface LogStore {
  /**
   * Adds rows of one tenant in that order, with the counts of them, in one commit. A row that is there already (the same
   * time and id) stays as it is and takes no number.
   */
  add(scopeId: ScopeId, rows: readonly AuditRow[]): Promise<Added>;
  read(scopeId: ScopeId, filter: LogFilter, page: LogPage): Promise<readonly LoggedRow[]>;
  /** Makes room for the month of that instant. */
  ensureMonth(micros: number): Promise<void>;
}

export interface UnfitRecord {
  readonly bytes: Uint8Array;
  readonly reason: string;
}

/** Keeps what no log can take. */
export interface Quarantine {
  /** Keeps each record once, however often it comes. */
  keep(records: readonly UnfitRecord[]): Promise<void>;
}

/** What is counted of the log, without looking at its rows. */
export interface SummaryStore {
  secret(scopeId: ScopeId, path: PolicyPath, sinceMicros: number): Promise<SecretSummary>;
  identity(scopeId: ScopeId, identityId: string, sinceMicros: number): Promise<IdentitySummary>;
  log(scopeId: ScopeId, parts: WindowParts): Promise<LogSummary>;
}

export interface RetentionSetting {
  readonly retentionDays: number;
  readonly updatedAtMicros: number;
  readonly updatedBy: string;
}

export interface SettingsStore {
  /** Undefined where the tenant has chosen nothing. */
  read(scopeId: ScopeId): Promise<{ readonly retentionDays: number } | undefined>;
  put(scopeId: ScopeId, setting: RetentionSetting, once: Once | undefined): Promise<void>;
}

/** Since when records are kept, where a tenant has chosen nothing. */
export interface RetentionRule {
  readonly defaultDays: number;
  readonly nowMicros: number;
}

export interface ExpiredBatch {
  readonly scopeId: ScopeId;
  /** Whether the tenant has a sealed batch none of whose records is kept any more. */
  readonly isDue: boolean;
}

/** What is not kept any longer. Only sealed batches go, whole and in order, so that the chain can still be checked. */
export interface Expiry {
  /** The next tenants behind `after`; fewer than `most` at the end. */
  find(after: string, most: number, rule: RetentionRule): Promise<readonly ExpiredBatch[]>;
  /** Removes one batch of a tenant; undefined when there is none. */
  removeBatch(
    scopeId: ScopeId,
    rule: RetentionRule,
  ): Promise<{ readonly records: number; readonly lastSeq: number } | undefined>;
  /** Forgets days that no trail looks at; how many, at most `most`. */
  forgetDays(most: number): Promise<number>;
  /** Drops months in which nobody has a record left; their names. */
  dropEmptyMonths(): Promise<readonly string[]>;
}

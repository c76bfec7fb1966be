import type { PathRange, ScopeId } from '@scaivault/tenancy';
import type { AuditRow, LoggedRow } from './domain/audit-row.ts';
import type { LogWindow } from './domain/log-window.ts';

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
  readonly path: PathRange | undefined;
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

/** The audit log, tenant by tenant. Rows are added and read, never changed. */
export interface LogStore {
  /**
   * Adds rows of one tenant in that order, in one commit; how many were new. A row that is there already (the same time
   * and id) stays as it is and takes no number.
   */
  add(scopeId: ScopeId, rows: readonly AuditRow[]): Promise<number>;
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

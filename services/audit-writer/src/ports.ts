import type { SealedRowKey } from '@scaivault/db';
import type { Once } from '@scaivault/pipeline';
import type { PathRange, PolicyPath, ScopeId } from '@scaivault/tenancy';
import type { AuditRow, LoggedRow } from './domain/audit-row.ts';
import type { IdentitySummary, LogSummary, SecretSummary } from './domain/audit-summary.ts';
import type { LogWindow } from './domain/log-window.ts';
import type { Checkpoint } from './domain/seal/checkpoint.ts';
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
  /** The greatest number that is read, whatever the time of a row; undefined: all. */
  readonly upToSeq?: number;
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
  /** Of spans of numbers: the first number of those that hold a row which `read` would find. */
  holding(
    scopeId: ScopeId,
    filter: LogFilter,
    range: { readonly window: LogWindow; readonly upToSeq: number },
    spans: readonly Pick<Checkpoint, 'firstEventSeq' | 'lastEventSeq'>[],
  ): Promise<readonly number[]>;
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
  /** Records with one of the actions (none = all) and that outcome. */
  count(
    scopeId: ScopeId,
    parts: WindowParts,
    of: { readonly action: readonly string[]; readonly success?: boolean },
  ): Promise<number>;
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

/** Where a tenant's chain ends, and how many rows there are. */
export interface ChainState {
  /** The last number given out. */
  readonly eventSeq: number;
  readonly sealedSeq: number;
  readonly sealedHead: Buffer;
  /** Of the last checkpoint; 0 when there is none. */
  readonly sealedAtMicros: number;
  /** Up to this number retention has removed the rows, the youngest of them from that time. */
  readonly removedSeq: number;
  readonly removedMicros: number;
}

/** Where a tenant stands in the order of those that wait for a seal. */
export interface DueTenant {
  readonly scopeId: ScopeId;
  readonly unsealedSince: number;
}

/** Rows by their numbers, both ends included, and the checkpoints over them. Checkpoints are added and read, never changed. */
export interface CheckpointStore {
  /** The next tenants behind `after` whose rows have waited for `intervalMs`, or for a full batch. */
  due(intervalMs: number, after: DueTenant | undefined, most: number): Promise<readonly DueTenant[]>;
  /** Undefined for a tenant without rows. */
  chain(scopeId: ScopeId): Promise<ChainState | undefined>;
  /** In the order of their numbers; `most` guards against more rows than numbers. */
  rows(scopeId: ScopeId, firstSeq: number, lastSeq: number, most: number): Promise<readonly LoggedRow[]>;
  row(scopeId: ScopeId, logId: string): Promise<LoggedRow | undefined>;
  /**
   * Adds a checkpoint and moves the chain's end, in one commit; how many rows are left to seal. Undefined, and nothing
   * done, when the chain ends elsewhere by now or the sealer's place has been taken over.
   */
  add(
    scopeId: ScopeId,
    fence: number,
    checkpoint: Checkpoint,
    leafHashes: readonly Buffer[],
  ): Promise<number | undefined>;
  /** Sealed in the window, oldest first, behind `after`. */
  list(
    scopeId: ScopeId,
    window: LogWindow,
    after: CheckpointPosition | undefined,
    limit: number,
  ): Promise<readonly Checkpoint[]>;
  byId(scopeId: ScopeId, id: string): Promise<Checkpoint | undefined>;
  /** The one that seals that number. */
  sealing(scopeId: ScopeId, eventSeq: number): Promise<Checkpoint | undefined>;
  /** Those that begin behind one number and not behind the other, in the order of the chain. */
  following(scopeId: ScopeId, afterSeq: number, lastSeq: number, limit: number): Promise<readonly Checkpoint[]>;
  /** The last one before that number. */
  before(scopeId: ScopeId, eventSeq: number): Promise<Checkpoint | undefined>;
  /** Undefined once they are removed. */
  leafHashes(scopeId: ScopeId, firstEventSeq: number): Promise<readonly Buffer[] | undefined>;
}

/** Where a checkpoint stands in the order of the chain. */
export interface CheckpointPosition {
  readonly sealedAtMicros: number;
  readonly firstEventSeq: number;
}

/** The one process that seals at a time. */
export interface SealerPlace {
  /** Takes or keeps the place for `holder`; its fence, or undefined while another process holds it. */
  take(holder: string, holdMs: number): Promise<number | undefined>;
  leave(holder: string): Promise<void>;
}

/** A public key that signs or has signed checkpoints. */
export interface PublicSigningKey {
  readonly keyId: string;
  /** 32 raw bytes. */
  readonly publicKey: Buffer;
  readonly createdAtMicros: number;
  readonly retiredAtMicros: number | null;
}

export interface StoredSigningKey extends PublicSigningKey {
  /** The public half, sealed: proves that the key is ours. */
  readonly attested: SealedRowKey;
  /** The private half, sealed; null in a key that has been replaced. */
  readonly secret: SealedRowKey | null;
}

export interface SigningKeyStore {
  /** Every key there ever was, oldest first. */
  list(): Promise<readonly PublicSigningKey[]>;
  byId(keyId: string): Promise<StoredSigningKey | undefined>;
  current(): Promise<StoredSigningKey | undefined>;
  /** Puts a key in the place of `replaced`, whose private half is erased; false when that is not the current one any more. */
  replace(
    replaced: string | undefined,
    key: Omit<StoredSigningKey, 'createdAtMicros' | 'retiredAtMicros'>,
  ): Promise<boolean>;
}

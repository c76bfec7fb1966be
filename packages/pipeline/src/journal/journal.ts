import { mkdirSync } from 'node:fs';
import { VaultError } from '@scaivault/errors';
import type { AlarmSink } from './alarm.ts';
import { noPayload } from './format.ts';
import { createLedger } from './ledger.ts';
import { lockDirectory } from './lock.ts';
import { settleOrphans } from './orphans.ts';
import { reclaim } from './reclaim.ts';
import { recover } from './recovery.ts';
import { type SendRecords, type ShipOptions, type Shipper, startShipper } from './shipper.ts';
import { auditUnavailable } from './unavailable.ts';
import { createWriter, type FsyncMode } from './writer.ts';

export interface JournalOptions {
  /** Made (mode 0700) when it does not exist; one owner at a time. */
  readonly directory: string;
  /** Quota in bytes for all segment files, default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * `off`: written, survives the death of the process. `group`: an outcome waits for an fdatasync shared with everything
   * gathered meanwhile. `always`: intents wait for it too.
   */
  readonly fsync: FsyncMode;
  /** Size in bytes at which a new segment begins, default 8 MiB, at most a quarter of the quota. */
  readonly segmentBytes?: number;
  /** Called synchronously in the middle of the work; must not throw. */
  readonly onAlarm: AlarmSink;
  readonly nowMs: () => number;
  /** Makes the payload of the outcome (`unknown`) of an intent that never finished. */
  readonly abandon: (intent: Uint8Array) => Uint8Array;
}

export interface JournalStats {
  readonly bytes: number;
  /** Outcomes not acknowledged yet. */
  readonly backlogRecords: number;
  /** Age in ms of the oldest of them, 0 without any. */
  readonly oldestUnshippedMs: number;
  /** Failures since the journal was opened: writes, syncs, damage, refused batches. */
  readonly errors: number;
  /** False while intents are refused. */
  readonly writable: boolean;
}

/** All appends refuse with 503 `audit_unavailable` when the record cannot be kept; ids are 1 to 255 bytes. */
export interface Journal {
  /** Resolves when the handler may run. Ids of intents that run at the same time differ. */
  intent(id: string, bytes: Uint8Array): Promise<void>;
  /** Resolves when the answer may leave. When it refuses, the journal itself sees to an `unknown` outcome later. */
  outcome(id: string, bytes: Uint8Array): Promise<void>;
  /**
   * Ends an intent that turned out to be no deed: nothing of it is shipped, whatever happens to the process. Resolves when
   * the answer may leave; when it refuses, as for an outcome.
   */
  withdraw(id: string): Promise<void>;
  /** An outcome that had no intent (a refusal); resolves when the answer may leave. */
  record(id: string, bytes: Uint8Array): Promise<void>;
  stats(): JournalStats;
  /**
   * Ships outcomes and records in order, at least once, while `send` resolves; it must end by itself (a deadline). One
   * shipper at a time.
   */
  ship(send: SendRecords, options: ShipOptions): Shipper;
  /** Stops shipping, writes what waits and lets the directory go; files without unshipped records are deleted. */
  close(): Promise<void>;
}

const DEFAULT_MAX_BYTES = 1024 ** 3;
const DEFAULT_SEGMENT_BYTES = 8 * 1024 ** 2;
const HOUSEKEEPING_INTERVAL_MS = 1000;

const lockOrRefuse = (directory: string) => {
  const lock = lockDirectory(directory);
  if (!lock) throw new VaultError('audit_unavailable', 'The audit journal is in use by another process.');
  return lock;
};

/**
 * Opens the write-ahead audit journal of this process and recovers what a former owner left in the directory
 * (architecture 8; rest-api-core 1.8 steps 8 and 10). 503 `audit_unavailable` when the directory cannot be used or
 * another process owns it.
 */
export const openJournal = async (options: JournalOptions): Promise<Journal> => {
  const { directory, onAlarm, nowMs, maxBytes = DEFAULT_MAX_BYTES } = options;
  const ledger = createLedger();
  let shipper: (Shipper & { wake(): void }) | undefined;

  const prepare = async () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = lockOrRefuse(directory);
    try {
      return { lock, firstNumber: await recover({ directory, ledger, onAlarm }) };
    } catch (error) {
      lock.release();
      throw error;
    }
  };
  const prepared = await prepare().catch((error: unknown) => {
    throw error instanceof VaultError ? error : auditUnavailable(1, error);
  });
  let { lock } = prepared;

  const writer = createWriter({
    ...options,
    maxBytes,
    segmentBytes: Math.min(options.segmentBytes ?? DEFAULT_SEGMENT_BYTES, Math.floor(maxBytes / 4)),
    firstNumber: prepared.firstNumber,
    ledger,
    onOutcomes: () => shipper?.wake(),
    relock: () => {
      if (lock.holds()) return;
      const renewed = lockDirectory(directory);
      if (!renewed) {
        onAlarm({ kind: 'lock_lost' });
        throw new VaultError('audit_unavailable', 'The audit journal is in use by another process.');
      }
      lock.release();
      lock = renewed;
    },
  });
  writer.observeSize();

  const settle = () => settleOrphans({ ledger, writer, abandon: options.abandon, onAlarm });
  const free = () => reclaim({ ledger, writer, onAlarm });
  await settle();

  let settling: Promise<void> | undefined;
  const keepHouse = (): void => {
    writer.inspect();
    if (ledger.orphans.length > 0)
      settling ??= settle().finally(() => {
        settling = undefined;
      });
  };
  const housekeeping = setInterval(keepHouse, HOUSEKEEPING_INTERVAL_MS).unref();

  const close = async (): Promise<void> => {
    clearInterval(housekeeping);
    await shipper?.stop();
    await settling;
    await writer.close();
    if (ledger.running.size === 0) await free();
    lock.release();
  };
  let closing: Promise<void> | undefined;

  return {
    intent: writer.intent,
    outcome: (id, bytes) => writer.outcome(id, bytes),
    withdraw: (id) => writer.outcome(id, noPayload),
    record: writer.record,
    stats: () => ({
      bytes: ledger.bytes,
      backlogRecords: ledger.outcomes - ledger.settled,
      oldestUnshippedMs: ledger.oldestAtMs === undefined ? 0 : Math.max(0, nowMs() - ledger.oldestAtMs),
      errors: ledger.errors,
      writable: writer.writable,
    }),
    ship: (send, shipOptions) => {
      if (shipper) throw new VaultError('internal_error', 'The audit journal is being shipped already.');
      const hasRoom = (): boolean => ledger.bytes < maxBytes / 2;
      const dependencies = { ledger, onAlarm, hasRoom, reclaim: free, inspect: writer.inspect };
      const started = startShipper(dependencies, send, shipOptions);
      shipper = started;
      return {
        drained: () => {
          writer.flush();
          return started.drained();
        },
        stop: async () => {
          await started.stop();
          if (shipper === started) shipper = undefined;
        },
      };
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};

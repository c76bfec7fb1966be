import { setTimeout as delay } from 'node:timers/promises';
import { type AlarmSink, errnoOf } from './alarm.ts';
import { type Collected, createCollector } from './collector.ts';
import type { Ledger } from './ledger.ts';
import { auditUnavailable } from './unavailable.ts';

export type SendRecords = (records: Uint8Array[]) => Promise<void>;

export interface ShipOptions {
  readonly batchRecords: number;
  readonly batchBytes: number;
  /**
   * How long a batch that is not full waits for company (default 10), and for as long again, nine times at most, while
   * each wait brings two records of 500; an idle journal costs nothing, and one that gets full does not wait.
   */
  readonly lingerMs?: number;
  /** Bounds of the wait after a refused batch (defaults 100 and 5000), doubled each time, full jitter. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly random?: () => number;
  /** Waits, unless the signal ends it early. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Shipper {
  /** Ends after the batch under way, which is waited for; what was not acknowledged is shipped again by the next one. */
  stop(): Promise<void>;
  /**
   * Resolves when everything written before the call was acknowledged, and does not linger for it; refuses with
   * `audit_unavailable` when the shipper is stopped first.
   */
  drained(): Promise<void>;
}

export interface ShipperDependencies {
  readonly ledger: Ledger;
  readonly onAlarm: AlarmSink;
  /** Whether there is time to wait before room is freed. */
  readonly hasRoom: () => boolean;
  /** Frees acknowledged segments. */
  readonly reclaim: () => Promise<void>;
  /** Makes the active segment's file exist again, or gives it up. */
  readonly inspect: () => void;
}

const mostLingers = 10;
/** The part of a batch that makes another linger worth while. */
const worthOf = (batchRecords: number): number => Math.max(1, batchRecords / 250);

const pauseByTimer = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // The only failure of a timer is its signal: the wait is over early.
  }
};

const DEFAULTS = { lingerMs: 10, minBackoffMs: 100, maxBackoffMs: 5000, random: Math.random, pause: pauseByTimer };

/** The running shipper of one journal, and the bell that tells it of new outcomes. */
export const startShipper = (
  dependencies: ShipperDependencies,
  send: SendRecords,
  shipOptions: ShipOptions,
): Shipper & { wake(): void } => {
  const { ledger, onAlarm } = dependencies;
  const options = { ...DEFAULTS, ...shipOptions };
  const { pause } = options;
  const collector = createCollector({ ...dependencies, ...options });
  const stopping = new AbortController();
  let awaited: { target: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  let rung = true;
  let bell = Promise.withResolvers<void>();
  let hurry = new AbortController();

  const wake = (): void => {
    rung = true;
    bell.resolve();
  };

  const acknowledge = async ({ marks }: Collected): Promise<void> => {
    for (const [segment, mark] of marks) {
      segment.shippedTo = mark.to;
      // Whatever a segment read to its end did not yield is damaged or cut off, was alarmed, and is waited for no more.
      const settled = mark.to >= segment.size ? segment.outcomes - segment.acknowledged : mark.outcomes;
      segment.acknowledged += settled;
      ledger.settled += settled;
    }
    await dependencies.reclaim();
    const { settled } = ledger;
    if (settled >= ledger.outcomes) ledger.oldestAtMs = undefined;
    for (const waiter of awaited) if (settled >= waiter.target) waiter.resolve();
    awaited = awaited.filter((waiter) => settled < waiter.target);
  };

  /** Sends until it is taken; false when the shipper was stopped before that. */
  const deliver = async (records: Uint8Array[]): Promise<boolean> => {
    for (let attempt = 0; !stopping.signal.aborted; attempt += 1) {
      try {
        await send(records);
        return true;
      } catch (error) {
        ledger.errors += 1;
        if (attempt === 0) onAlarm({ kind: 'ship_failed', records: records.length, errno: errnoOf(error) });
        const ceiling = Math.min(options.maxBackoffMs, options.minBackoffMs * 2 ** attempt);
        await pause(options.random() * ceiling, stopping.signal);
      }
    }
    return false;
  };

  /** Each batch is a commit somewhere: one that keeps getting company waits on, for a bounded time. */
  const linger = async (): Promise<void> => {
    for (let i = 0; i < mostLingers; i += 1) {
      const { outcomes, settled } = ledger;
      if (outcomes - settled >= options.batchRecords || !dependencies.hasRoom()) return;
      if (awaited.length > 0 || stopping.signal.aborted) return;
      await pause(options.lingerMs, hurry.signal);
      if (ledger.outcomes - outcomes < worthOf(options.batchRecords)) return;
    }
  };

  const listen = async (): Promise<void> => {
    if (!rung) await bell.promise;
    await linger();
    hurry = new AbortController();
  };

  /** One batch; false when there was nothing to read. */
  const shipOnce = async (): Promise<boolean> => {
    const batch = await collector.collect();
    if (batch.marks.size === 0) return false;
    if (batch.oldestAtMs !== undefined) ledger.oldestAtMs = batch.oldestAtMs;
    if (batch.records.length === 0 || (await deliver(batch.records))) await acknowledge(batch);
    return batch.full;
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        rung = false;
        bell = Promise.withResolvers<void>();
        while (!stopping.signal.aborted && (await shipOnce()));
        failures = 0;
        await listen();
      } catch (error) {
        // Reading our own files failed: nothing was skipped, so trying again is all there is to do.
        ledger.errors += 1;
        if (failures === 0) onAlarm({ kind: 'read_failed', errno: errnoOf(error) });
        failures += 1;
        await pause(options.maxBackoffMs, stopping.signal);
      }
    }
    collector.close();
  };
  const ended = run();

  return {
    wake,
    stop: async () => {
      stopping.abort();
      hurry.abort();
      wake();
      await ended;
      for (const waiter of awaited.splice(0)) waiter.reject(auditUnavailable(1));
    },
    drained: async () => {
      if (ledger.settled >= ledger.outcomes) return;
      if (stopping.signal.aborted) throw auditUnavailable(1);
      const waiter = Promise.withResolvers<void>();
      awaited.push({ target: ledger.outcomes, ...waiter });
      hurry.abort();
      wake();
      await waiter.promise;
    },
  };
};

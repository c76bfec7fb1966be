import { randomInt } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import { createActiveSegment } from './active-segment.ts';
import { type AlarmSink, errnoOf } from './alarm.ts';
import { type Batch, createBatchBuffer, emptyBatch } from './batch.ts';
import { RECORD_OVERHEAD, RecordType } from './format.ts';
import { createGroupSync } from './group-sync.ts';
import { createHealth } from './health.ts';
import { forgetIntent, type Ledger, makeOrphan, type RunningIntent } from './ledger.ts';
import { type Admission, createQuota } from './quota.ts';
import { segmentName } from './segment.ts';
import { auditUnavailable } from './unavailable.ts';

export type FsyncMode = 'off' | 'group' | 'always';

export interface WriterOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  readonly firstNumber: number;
  readonly fsync: FsyncMode;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  readonly onAlarm: AlarmSink;
  readonly onOutcomes: () => void;
  readonly relock: () => void;
}

export interface Writer {
  readonly writable: boolean;
  intent(id: string, payload: Uint8Array): Promise<void>;
  outcome(id: string, payload: Uint8Array, admission?: Admission): Promise<void>;
  record(id: string, payload: Uint8Array): Promise<void>;
  /** Appends a running intent again; answers the copy's place once it is durable. */
  repeatIntent(id: string, payload: Uint8Array): Promise<RunningIntent>;
  /** Writes what waits now instead of at the end of the turn. */
  flush(): void;
  /** Asks whether the file being written is still there and whole, and repairs that. */
  inspect(): void;
  /** Segments were deleted: there is room again. */
  observeSize(): void;
  close(): Promise<void>;
}

/** A batch that grew this large within one turn leaves early. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Room that must be left for the journal to call itself writable, and that each running request keeps for its outcome. */
const USUAL_RECORD_BYTES = 4 * 1024;
const RETRY_FULL_SECONDS = 5;
const RETRY_BROKEN_SECONDS = 2;

/**
 * Encodes records into one buffer and writes it once per event-loop turn: a synchronous write to the page cache costs
 * 2 µs where the asynchronous one costs 50 µs in thread hops. Waiting for the disk is the group sync's business.
 */
export const createWriter = (options: WriterOptions): Writer => {
  const { ledger, nowMs, onAlarm } = options;
  const salt = randomInt(2 ** 32);
  const buffer = createBatchBuffer(salt);
  const quota = createQuota(options.maxBytes, onAlarm);
  const syncs = options.fsync !== 'off';
  let batch = emptyBatch();
  let closed = false;

  const succeed = (done: Batch): void => {
    for (const intent of done.finished) forgetIntent(ledger, intent);
    done.durable?.resolve();
  };
  const fail = (lost: Batch, error: unknown, written: boolean): void => {
    for (const intent of lost.begun) {
      if (written) makeOrphan(ledger, intent);
      else forgetIntent(ledger, intent);
    }
    for (const intent of lost.finished) makeOrphan(ledger, intent);
    const refusal = error instanceof VaultError ? error : auditUnavailable(RETRY_BROKEN_SECONDS, error);
    if (!written) lost.written?.reject(refusal);
    lost.durable?.reject(refusal);
  };

  const sync = createGroupSync({
    onDurable: succeed,
    onFailed: (segment, lost, error) => {
      // After a failed sync the kernel may have dropped the pages: this file is not to be trusted with more.
      ledger.errors += 1;
      onAlarm({ kind: 'sync_failed', errno: errnoOf(error), segment: segmentName(segment) });
      if (segment === active.current) active.retire();
      for (const one of lost) fail(one, error, true);
    },
  });
  const active = createActiveSegment({ ...options, salt, sync });
  const health = createHealth(() => active.probe(), onAlarm);

  const flush = (): void => {
    const length = buffer.used;
    if (length === 0) return;
    const leaving = batch;
    batch = emptyBatch();
    try {
      const segment = active.write(buffer.bytes, length);
      const base = segment.size - length;
      leaving.segment = segment;
      for (const intent of leaving.begun) {
        intent.segment = segment;
        intent.offset += base;
      }
      segment.outcomes += leaving.outcomes;
    } catch (error) {
      ledger.errors += 1;
      health.fail(error, active.current && segmentName(active.current));
      fail(leaving, error, false);
      return;
    } finally {
      buffer.clear();
    }
    if (!health.writable) health.succeed();
    quota.observe(ledger.bytes);
    leaving.written?.resolve();
    if (syncs && leaving.durable) sync.add(leaving);
    else succeed(leaving);
    if (leaving.outcomes === 0) return;
    if (ledger.outcomes === ledger.settled) ledger.oldestAtMs = leaving.timeMs;
    ledger.outcomes += leaving.outcomes;
    options.onOutcomes();
  };

  const add = (type: 1 | 2 | 3, id: string, payload: Uint8Array, admission: Admission): number => {
    if (closed) throw auditUnavailable(RETRY_BROKEN_SECONDS);
    if (admission === 'begin' && !health.writable) throw auditUnavailable(RETRY_BROKEN_SECONDS);
    // Whoever has begun may be refused no more: its deed is done by then.
    const kept = admission === 'begin' ? ledger.running.size * USUAL_RECORD_BYTES : 0;
    const total = ledger.bytes + buffer.used + RECORD_OVERHEAD + id.length + payload.length + kept;
    if (!quota.admits(total, admission)) {
      quota.refused(total);
      throw auditUnavailable(RETRY_FULL_SECONDS);
    }
    if (buffer.used >= MAX_BATCH_BYTES) flush();
    if (buffer.used === 0) {
      batch.timeMs = nowMs();
      setImmediate(flush);
    }
    return buffer.append(type, id, payload, batch.timeMs);
  };

  const whenWritten = (): Promise<void> => {
    batch.written ??= Promise.withResolvers();
    return batch.written.promise;
  };
  const whenDurable = (): Promise<void> => {
    batch.durable ??= Promise.withResolvers();
    return batch.durable.promise;
  };

  // Not async functions: a promise that only hands on the batch's own costs each record three turns of the microtasks.
  const refuse = (error: unknown): Promise<never> => Promise.reject(error as Error);

  const begin = (id: string, payload: Uint8Array, admission: Admission): RunningIntent => {
    const offset = add(RecordType.intent, id, payload, admission);
    const intent = { id, segment: undefined, offset, length: buffer.used - offset, finishing: false };
    batch.begun.push(intent);
    return intent;
  };

  return {
    flush,
    inspect: () => {
      try {
        if (health.writable) active.inspect();
      } catch (error) {
        ledger.errors += 1;
        health.fail(error, active.current && segmentName(active.current));
      }
    },
    get writable() {
      const needed = (1 + ledger.running.size) * USUAL_RECORD_BYTES;
      return !closed && health.writable && quota.admits(ledger.bytes + buffer.used + needed, 'begin');
    },
    intent: (id, payload) => {
      try {
        ledger.running.set(id, begin(id, payload, 'begin'));
      } catch (error) {
        return refuse(error);
      }
      return options.fsync === 'always' ? whenDurable() : whenWritten();
    },
    repeatIntent: async (id, payload) => {
      const copy = begin(id, payload, 'housekeeping');
      await whenDurable();
      return copy;
    },
    outcome: (id, payload, admission = 'finish') => {
      const intent = ledger.running.get(id);
      try {
        add(RecordType.outcome, id, payload, admission);
      } catch (error) {
        if (intent) makeOrphan(ledger, intent);
        return refuse(error);
      }
      batch.outcomes += 1;
      if (intent) {
        intent.finishing = true;
        batch.finished.push(intent);
      }
      return whenDurable();
    },
    record: (id, payload) => {
      try {
        add(RecordType.record, id, payload, 'begin');
      } catch (error) {
        return refuse(error);
      }
      batch.outcomes += 1;
      return whenDurable();
    },
    observeSize: () => quota.observe(ledger.bytes),
    close: async () => {
      flush();
      closed = true;
      health.stop();
      active.retire();
      await sync.idle();
    },
  };
};

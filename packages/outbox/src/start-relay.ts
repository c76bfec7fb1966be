import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@scaivault/db';
import { outboxTopic } from './add-events.ts';
import type { OutboxEvent, OutboxTable } from './outbox-table.ts';

export interface Relay {
  /** Begins no more batches; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  readonly db: Pick<Database, 'listenAlone'>;
  readonly table: OutboxTable;
  /** Resolves when all of these are kept elsewhere. It may get the same ones again. */
  readonly ship: (events: readonly OutboxEvent[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** Nothing waits longer than this when nobody wakes the relay; milliseconds. */
  readonly sweepEveryMs?: number;
  /** How long what wakes the relay waits for company; milliseconds. */
  readonly gatherMs?: number;
}

const batch = 200;
const usualSweepMs = 10_000;
/** A batch is a dozen statements, whatever is in it: not in the way of the request that it tells of, nor of each of many. */
const usualGatherMs = 50;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Ships the outbox of a service, one process at a time: takes the first events that are left, ships them, removes them,
 * until none is left. No place in the queue is remembered, so an event that commits after later ones is found like any
 * other, and one whose removal did not happen is shipped again. What fails is tried again, with longer and longer pauses.
 */
export const startRelay = ({
  db,
  table,
  ship,
  onFailure,
  sweepEveryMs = usualSweepMs,
  gatherMs = usualGatherMs,
}: RelayOptions): Relay => {
  const stopping = new AbortController();
  const { signal } = stopping;
  let isWoken = false;
  let failures = 0;
  let running: Promise<void> | undefined;
  let resting: NodeJS.Timeout | undefined;

  /** True when there may be more: what is written from here on wakes the relay. */
  const shipBatch = async (): Promise<boolean> => {
    const events = await table.take(batch);
    if (events.length === 0) return false;
    await ship(events);
    await table.clear(events);
    return events.length === batch;
  };

  const gather = (): Promise<void> => sleep(gatherMs, undefined, { signal }).catch(() => {});

  const shipAll = async (): Promise<void> => {
    try {
      let isMore = false;
      while (!signal.aborted && isMine()) {
        if (!isMore) await gather();
        if (signal.aborted) return;
        isWoken = false;
        isMore = await shipBatch();
        failures = 0;
        if (!isMore && !isWoken) return;
      }
    } catch (error) {
      onFailure(error);
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
      failures += 1;
      resting = setTimeout(() => {
        resting = undefined;
        wake();
      }, pauseMs).unref();
    }
  };

  const wake = (): void => {
    isWoken = true;
    if (signal.aborted || resting !== undefined) return;
    running ??= shipAll().finally(() => {
      running = undefined;
    });
  };

  const listening = db.listenAlone(outboxTopic, wake);
  const isMine = (): boolean => listening.isHeard();
  const sweep = setInterval(wake, sweepEveryMs).unref();

  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(resting);
      clearInterval(sweep);
      await running;
      await listening.close();
    },
  };
};

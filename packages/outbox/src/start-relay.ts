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
}

const batch = 200;
const usualSweepMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Ships the outbox of a service, one process at a time: takes the first events that are left, ships them, removes them,
 * until none is left. No place in the queue is remembered, so an event that commits after later ones is found like any
 * other, and one whose removal did not happen is shipped again. What fails is tried again, with longer and longer pauses.
 */
export const startRelay = ({ db, table, ship, onFailure, sweepEveryMs = usualSweepMs }: RelayOptions): Relay => {
  let stopped = false;
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

  const shipAll = async (): Promise<void> => {
    try {
      while (!stopped && isMine()) {
        isWoken = false;
        const more = await shipBatch();
        failures = 0;
        if (!more && !isWoken) return;
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
    if (stopped || resting !== undefined) return;
    running ??= shipAll().finally(() => {
      running = undefined;
    });
  };

  const listening = db.listenAlone(outboxTopic, wake);
  const isMine = (): boolean => listening.isHeard();
  const sweep = setInterval(wake, sweepEveryMs).unref();

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(resting);
      clearInterval(sweep);
      await running;
      await listening.close();
    },
  };
};

import { Queue, Worker } from 'bullmq';
import type { Clock } from './clock.ts';
import { createLocalClock } from './local-clock.ts';

export interface RedisClockOptions {
  readonly url: string;
  readonly prefix: string;
  /** Of the queue; processes that give the same name and prefix wake one another. */
  readonly name: string;
  readonly nowMs: () => number;
  /** Hears of a Redis that is away, once until it answers again. */
  readonly onLost: (error: unknown) => void;
}

/** Times within one slice are one job. */
const sliceMs = 250;
const commandTimeoutMs = 1_000;
/** A Redis that is away, or hangs, holds up neither the start nor the end. */
const openTimeoutMs = 1_000;
const closeTimeoutMs = 1_000;

/**
 * A clock that all processes share: a delayed BullMQ job for each slice of time, taken by whichever worker is free. The job
 * holds nothing, not even an id: which rows are due, the rows say. While Redis is away each process wakes itself.
 */
export const openRedisClock = async (wake: () => void, options: RedisClockOptions): Promise<Clock> => {
  const { url, prefix, name, nowMs, onLost } = options;
  const own = createLocalClock(wake, nowMs);
  let isLost = false;
  const lost = (error: unknown): void => {
    if (!isLost) onLost(error);
    isLost = true;
  };

  const shared = { prefix: `${prefix}jobs` };
  // Fails at once while the connection is away, where the default would keep what is asked for in memory.
  const impatient = { url, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: commandTimeoutMs };
  const queue = new Queue(name, { ...shared, connection: impatient });
  const take = (): Promise<void> => {
    wake();
    return Promise.resolve();
  };
  const worker = new Worker(name, take, {
    ...shared,
    connection: { url, maxRetriesPerRequest: null },
    concurrency: 1,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  queue.on('error', lost);
  worker.on('error', lost);
  let isOpen = false;
  const opened = queue.waitUntilReady().then(() => {
    isOpen = true;
  }, lost);
  await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, openTimeoutMs).unref())]);

  const schedule = async (dueAtMs: number): Promise<void> => {
    const slice = Math.ceil(dueAtMs / sliceMs);
    try {
      // Asked before its first connection the queue would wait for that, however long.
      if (!isOpen) throw new Error('Redis has not answered yet.');
      const delay = Math.max(0, slice * sliceMs - nowMs());
      await queue.add('due', {}, { jobId: `slice-${slice}`, delay, removeOnComplete: true, removeOnFail: true });
      isLost = false;
    } catch (error) {
      lost(error);
      own.wakeAt(dueAtMs);
    }
  };

  return {
    wakeAt: (dueAtMs) => void schedule(dueAtMs),
    stop: async () => {
      await own.stop();
      const closed = Promise.allSettled([worker.close(), queue.close()]);
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeTimeoutMs))]);
    },
  };
};

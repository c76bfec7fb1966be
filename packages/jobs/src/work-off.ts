import type { Clock, OpenClock } from './clock.ts';

export interface Pass {
  /** True when a batch was full, so that more may be due now. */
  readonly isMore: boolean;
  /** When the next row that waits becomes due, Unix milliseconds; undefined when none does. */
  readonly nextDueMs: number | undefined;
}

export interface WorkOffOptions {
  /** Takes one bounded batch of what is due (`for update skip locked`). Never runs twice at once in a process. */
  readonly pass: () => Promise<Pass>;
  readonly openClock: OpenClock;
  /** 15 s unless said otherwise. */
  readonly sweepEveryMs?: number;
  readonly nowMs: () => number;
  /** Hears of a pass that failed; the next sweep tries again. */
  readonly onFailure: (error: unknown) => void;
}

export interface Worker {
  /** Something is due now: rows that were committed a moment ago, or room for what had to wait. */
  wake(): void;
  /** Starts no more passes; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

const usualSweepMs = 15_000;

/**
 * Works off rows that become due: a pass at once, at each sweep, and when the clock or somebody else wakes it (design:
 * the rows are the truth, the clock only makes it early). Times beyond the next sweep are left to that one, so no clock
 * ever holds more than a sweep's worth of them.
 */
export const workOff = async (options: WorkOffOptions): Promise<Worker> => {
  const { pass, openClock, sweepEveryMs = usualSweepMs, nowMs, onFailure } = options;
  let clock: Clock | undefined;
  let isWanted = false;
  let isStopped = false;
  let running: Promise<void> | undefined;

  const runPasses = async (): Promise<void> => {
    try {
      while (isWanted && !isStopped) {
        isWanted = false;
        const { isMore, nextDueMs } = await pass();
        isWanted ||= isMore;
        if (nextDueMs !== undefined && nextDueMs - nowMs() < sweepEveryMs) clock?.wakeAt(nextDueMs);
      }
    } catch (error) {
      onFailure(error);
    } finally {
      // In the same step as the last look at `isWanted`, so that nobody's call falls between the two.
      running = undefined;
    }
  };
  const wake = (): void => {
    if (isStopped) return;
    isWanted = true;
    running ??= runPasses();
  };

  clock = await openClock(wake);
  const sweep = setInterval(wake, sweepEveryMs).unref();
  wake();
  return {
    wake,
    stop: async () => {
      isStopped = true;
      clearInterval(sweep);
      await clock?.stop();
      await running;
    },
  };
};

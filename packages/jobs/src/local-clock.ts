import type { Clock } from './clock.ts';

/** A clock of one process: a single timer, for the earliest time that is known. Who is woken asks for the next one. */
export const createLocalClock = (wake: () => void, nowMs: () => number): Clock => {
  let earliestMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const ring = (): void => {
    earliestMs = Number.POSITIVE_INFINITY;
    wake();
  };
  return {
    wakeAt: (dueAtMs) => {
      if (dueAtMs >= earliestMs) return;
      earliestMs = dueAtMs;
      clearTimeout(timer);
      timer = setTimeout(ring, Math.max(0, dueAtMs - nowMs())).unref();
    },
    stop: () => {
      clearTimeout(timer);
      return Promise.resolve();
    },
  };
};

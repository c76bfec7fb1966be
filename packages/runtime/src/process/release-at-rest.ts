import { performance } from 'node:perf_hooks';
import { releaseStartMemory } from './release-start-memory.ts';

const lookEveryMs = 10_000;
/** Of the event loop's time; a process at rest takes about a hundredth for its leases and health. */
const restsBelow = 0.05;

/** The share of the time since the last call, or since this one, in which the event loop was not idle. */
const busySinceLast = (): (() => number) => {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
};

/**
 * Releases the memory of the start once the process has been at rest for ten seconds: the start does not wait for it, a
 * request hardly ever, once, and a process that ends soon does without. One that is never at rest has use for the memory.
 */
export const releaseStartMemoryAtRest = (
  release = releaseStartMemory,
  everyMs = lookEveryMs,
  busy: () => number = busySinceLast(),
): void => {
  const timer = setInterval(() => {
    if (busy() >= restsBelow) return;
    clearInterval(timer);
    release();
  }, everyMs).unref();
};

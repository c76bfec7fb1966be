/**
 * Wakes workers early. What is due stands in rows; a clock that loses a time, or all of them, costs nothing but the wait
 * until the next sweep (ADR 0028).
 */
export interface Clock {
  /** Unix milliseconds; somebody is woken then, once for many times that lie close together. Never throws. */
  wakeAt(dueAtMs: number): void;
  stop(): Promise<void>;
}

/** Calls `wake` at the times asked for. */
export type OpenClock = (wake: () => void) => Promise<Clock>;

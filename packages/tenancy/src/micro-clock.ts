/** How far the wall clock may step back before it is believed. */
const backwardToleranceMicros = 1_000_000;

/**
 * A wall clock in whole microseconds that rises with every call, so that records of one process sort in the order they
 * were made; a step back of more than a second (somebody set the clock) is followed.
 */
export const createMicroClock = (nowMs: () => number): (() => number) => {
  let last = 0;
  return () => {
    const wall = Math.floor(nowMs()) * 1000;
    last = wall > last || last - wall > backwardToleranceMicros ? wall : last + 1;
    return last;
  };
};

/** The time now in microseconds since the epoch, rising with every call of this process. */
export const nowMicros: () => number = createMicroClock(Date.now);

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** From the first attempt on (rest-api-core 9). */
const pausesMs: readonly number[] = [30 * second, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 6 * hour, 12 * hour];
const jitter = 0.2;

export const mostAttempts = pausesMs.length + 1;

/**
 * Milliseconds from a failed attempt, the first being 1, to the next one, ±20 %; undefined after the last. `random` is in
 * [0, 1).
 */
export const pauseAfter = (attempt: number, random: number): number | undefined => {
  const pauseMs = pausesMs[attempt - 1];
  return pauseMs === undefined ? undefined : Math.round(pauseMs * (1 + jitter * (2 * random - 1)));
};

const firstMs = 5_000;
const longestMs = 10 * 60_000;

/** The tenth failure in a row ends an export, about half an hour after the first. A file that was written begins anew. */
const mostAttempts = 10;

/** How long to wait after the nth failure in a row; undefined: no more. `random` in [0, 1) spreads the last half. */
export const pauseAfter = (attempt: number, random: number): number | undefined => {
  if (attempt >= mostAttempts) return undefined;
  const ms = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  return ms / 2 + (ms / 2) * random;
};

/** Begun so often without a file, an export takes its process down with it, and is not begun again. */
export const isHopeless = (attempt: number): boolean => attempt > mostAttempts;

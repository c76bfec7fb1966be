/** So many failed attempts in a row disable an endpoint (rest-api-core 9). */
export const disableAfterFailures = 50;

/** An attempt that took longer counts with the failed ones where processes share their attempts out. */
const quickMs = 1_000;

/** Whether an endpoint keeps up: others share a part of each process among themselves. */
export const isQuick = ({ error, durationMs }: { readonly error: unknown; readonly durationMs: number }): boolean =>
  error === null && durationMs <= quickMs;

/** Versions that stay readable unless a writer says otherwise (rest-api-core 4.3). */
export const defaultMaxVersions = 10;

/** The most that a writer may ask for. */
export const maxVersionsLimit = 100;

/**
 * Numbers of the versions to be erased when `newVersion` has been written: those behind the newest `maxVersions`. What
 * lies further back than the limit was erased earlier, so the range is bounded however long the history is.
 */
export const prunedRange = (
  newVersion: number,
  maxVersions: number,
): { readonly from: number; readonly to: number } | undefined => {
  const to = newVersion - maxVersions;
  return to < 1 ? undefined : { from: Math.max(1, newVersion - maxVersionsLimit), to };
};

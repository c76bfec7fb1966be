/** Versions that stay readable unless a writer says otherwise (rest-api-core 4.3). */
export const defaultMaxVersions = 10;

/**
 * The newest version that no longer fits when `currentVersion` is the newest of all; it and all before it are erased,
 * except while they are in a grace period (rest-api-core 4.1). 0 or less: all fit.
 */
export const lastPruned = (currentVersion: number, maxVersions: number): number => currentVersion - maxVersions;

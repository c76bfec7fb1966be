/** How long a tenant may keep its records, in days (rest-api-core 7.2). */
export const retentionBounds = { least: 30, most: 3650 } as const;

const dayMs = 86_400_000;

/** The installation's default in whole days; undefined when it lies outside of the bounds or is no number of days. */
export const retentionDays = (ms: number): number | undefined => {
  const days = ms / dayMs;
  const isFit = Number.isInteger(days) && days >= retentionBounds.least && days <= retentionBounds.most;
  return isFit ? days : undefined;
};

/** The values below which those shares (0 to 1) of all lie, by nearest rank: always one that was seen; 0 of none. */
export const quantiles = (values: readonly number[], shares: readonly number[]): readonly number[] => {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
};

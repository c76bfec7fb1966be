/** Whose turn it is, over and over: each index as often in a row of turns as its weight says, spread evenly. */
export const weightedTurns = (weights: readonly number[]): readonly number[] => {
  const given = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: total }, (_, turn) => {
    const behind = weights.map((weight, index) => ((turn + 1) * weight) / total - (given[index] ?? 0));
    const next = behind.indexOf(Math.max(...behind));
    given[next] = (given[next] ?? 0) + 1;
    return next;
  });
};

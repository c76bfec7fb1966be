/** Runs work at once while fewer than `most` are under way; the rest begins in order of arrival as others end. */
export const createTurns = (most: number) => {
  const waiting = new Set<() => void>();
  let running = 0;

  const begin = <Result>(work: () => Promise<Result>): Promise<Result> => {
    running += 1;
    return work().finally(() => {
      running -= 1;
      const [next] = waiting;
      if (next === undefined) return;
      waiting.delete(next);
      next();
    });
  };

  return <Result>(work: () => Promise<Result>): Promise<Result> =>
    running < most ? begin(work) : new Promise((resolve) => waiting.add(() => resolve(begin(work))));
};

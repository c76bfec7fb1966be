/** Runs `work` once per id at a time: whoever asks while it runs gets the same promise. */
export type SingleFlight<T> = (id: string, work: () => Promise<T>) => Promise<T>;

/** A fresh single flight; nothing is kept beyond the end of a run, not even a failure. */
export const createSingleFlight = <T>(): SingleFlight<T> => {
  const running = new Map<string, Promise<T>>();
  return (id, work) => {
    const present = running.get(id);
    if (present !== undefined) return present;
    const started = work().finally(() => running.delete(id));
    running.set(id, started);
    return started;
  };
};

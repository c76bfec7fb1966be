/** Runs `work` after all work under the same key that was asked for earlier. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Turns inside this process; keeps nothing of keys that nobody waits for. */
export const createTurns = (): InTurn => {
  const latest = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = latest.get(key);
    // Whatever became of the work before is its caller's business.
    const mine = before === undefined ? work() : before.then(work, work);
    const turn = mine.finally(() => {
      if (latest.get(key) === turn) latest.delete(key);
    });
    latest.set(key, turn);
    return turn;
  };
};

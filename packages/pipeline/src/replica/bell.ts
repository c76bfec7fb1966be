/** Wakes whoever waits; one that rings between a look and the wait that follows it is not missed. */
export interface Bell {
  ring(): void;
  /** How often it has rung, to be asked before the look. */
  count(): number;
  /** Resolves when it rings, has rung since that count, or after the time. */
  wait(since: number, milliseconds: number): Promise<void>;
}

export const createBell = (): Bell => {
  let rung = 0;
  let waiting: (() => void)[] = [];
  return {
    ring: () => {
      rung += 1;
      const all = waiting;
      waiting = [];
      for (const resume of all) resume();
    },
    count: () => rung,
    wait: (since, milliseconds) =>
      new Promise((resolve) => {
        if (rung !== since || milliseconds <= 0) return resolve();
        const resume = (): void => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting = waiting.filter((each) => each !== resume);
          resolve();
        }, milliseconds);
        waiting.push(resume);
      }),
  };
};

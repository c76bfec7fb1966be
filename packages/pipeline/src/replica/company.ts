/** Lets those who come back from the same errand go on together. */
export interface Company {
  /** Somebody leaves; whoever comes back from now on waits for him, for a while. */
  leave(name: string): void;
  /** Resolves when nobody is away any more, or after the time. */
  comeBack(name: string): Promise<void>;
}

/** `patienceMs`: how long whoever is back waits at most; those who are still away then are waited for no more. */
export const createCompany = (patienceMs: number): Company => {
  const away = new Set<string>();
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const goOn = (): void => {
    clearTimeout(timer);
    timer = undefined;
    away.clear();
    const all = waiting;
    waiting = [];
    for (const resume of all) resume();
  };

  return {
    leave: (name) => void away.add(name),
    comeBack: (name) =>
      new Promise((resolve) => {
        away.delete(name);
        waiting.push(resolve);
        if (away.size === 0) goOn();
        else timer ??= setTimeout(goOn, patienceMs);
      }),
  };
};

/** Background work that can be called for before its time. */
export interface SyncRunner {
  start(): void;
  /** Begins a round now, or another one after that which is under way. */
  wake(): void;
  /** Resolves when the round under way has ended; starts no more. */
  stop(): Promise<void>;
}

/** Rounds every so many milliseconds and whenever woken, never two at once; a failed one is told and tried again. */
export const createSyncRunner = (
  round: () => Promise<void>,
  { everyMs, onFailure }: { readonly everyMs: number; readonly onFailure: (error: unknown) => void },
): SyncRunner => {
  let running: Promise<void> | undefined;
  let isCalledFor = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const run = async (): Promise<void> => {
    do {
      isCalledFor = false;
      await round().catch(onFailure);
    } while (isCalledFor && !isStopped);
    running = undefined;
  };
  const wake = (): void => {
    if (isStopped) return;
    isCalledFor = true;
    running ??= run();
  };

  return {
    start: () => {
      timer = setInterval(wake, everyMs);
      timer.unref();
      wake();
    },
    wake,
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
};

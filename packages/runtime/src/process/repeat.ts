export interface Repetition {
  /** Starts no more runs; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs `work` every so many milliseconds, never two at once; a failure is told and the next run tries again. */
export const repeat = (
  work: () => Promise<void>,
  { everyMs, onFailure }: { readonly everyMs: number; readonly onFailure: (error: unknown) => void },
): Repetition => {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onFailure)
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
};

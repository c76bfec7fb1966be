export interface RunningProcess {
  /** Drains and stops; resolves when nothing is left. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly start: () => Promise<RunningProcess>;
  /** Milliseconds that stopping may take before the process leaves anyway. */
  readonly stopTimeoutMs: () => number;
  /** For commands run by a package manager, which does not hand every signal on: its end is our end too. */
  readonly endsWithParent?: boolean;
  /** Called with what made the start or the stop fail. */
  readonly onFailure: (error: unknown) => void;
}

const parentCheckMs = 500;

const untilSignal = (endsWithParent: boolean): Promise<void> =>
  new Promise((resolve) => {
    const parent = process.ppid;
    if (endsWithParent) {
      const timer = setInterval(() => {
        if (process.ppid === parent) return;
        clearInterval(timer);
        resolve();
      }, parentCheckMs);
      timer.unref();
    }
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    // Started by another process of ours with an IPC channel: its end is our end.
    process.once('disconnect', () => resolve());
  });

/**
 * The life of a process: start, wait for SIGINT, SIGTERM or the end of the parent, drain, exit. A second signal, or a
 * stop that takes too long, be it because the start does not end, ends it at once. Exit code 1 tells that something failed.
 */
export const runUntilSignal = async (options: RunOptions): Promise<void> => {
  const asked = untilSignal(options.endsWithParent ?? false).then(() => {
    const leave = (): void => process.exit(1);
    process.once('SIGINT', leave);
    process.once('SIGTERM', leave);
    // Not unref(): a start that hangs may have nothing else that keeps the process.
    setTimeout(leave, options.stopTimeoutMs());
  });
  try {
    const running = await options.start();
    await asked;
    await running.stop();
    process.exit(0);
  } catch (error) {
    options.onFailure(error);
    process.exit(1);
  }
};

import { monotonicMs } from '../monotonic-ms.ts';

export interface OpenLoopPlan {
  readonly perSecond: number;
  /** More than this without an answer, and what is due is given up: whoever is asked is not up to the rate. */
  readonly mostUnderWay: number;
}

export interface OpenLoop {
  /** Asks no more; resolves when everything is answered. */
  stop(): Promise<void>;
  /** Given up so far. */
  readonly givenUp: number;
}

const tickMs = 1;

/**
 * Asks at a fixed rate whatever the answers do. `ask` hears when it should have been asked (monotonic milliseconds): time
 * taken from there on holds the wait that a stall causes to all who come during it, which a loop that waits for its
 * answers leaves out (coordinated omission).
 */
export const startOpenLoop = (
  { perSecond, mostUnderWay }: OpenLoopPlan,
  ask: (intendedAtMs: number) => Promise<void>,
): OpenLoop => {
  const startedAtMs = monotonicMs();
  let turn = 0;
  let underWay = 0;
  let givenUp = 0;
  let failure: { readonly error: unknown } | undefined;
  let whenAnswered = (): void => {};

  const askOne = async (intendedAtMs: number): Promise<void> => {
    underWay += 1;
    try {
      await ask(intendedAtMs);
    } catch (error) {
      failure ??= { error };
    }
    underWay -= 1;
    if (underWay === 0) whenAnswered();
  };

  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    for (;;) {
      const intendedAtMs = startedAtMs + (turn * 1000) / perSecond;
      if (intendedAtMs > nowMs) return;
      turn += 1;
      if (underWay >= mostUnderWay) givenUp += 1;
      else void askOne(intendedAtMs);
    }
  }, tickMs);

  return {
    get givenUp() {
      return givenUp;
    },
    stop: async () => {
      clearInterval(timer);
      if (underWay > 0)
        await new Promise<void>((resolve) => {
          whenAnswered = resolve;
        });
      if (failure !== undefined) throw failure.error;
    },
  };
};

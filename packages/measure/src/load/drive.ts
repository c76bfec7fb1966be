import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../monotonic-ms.ts';
import { quantiles } from '../quantiles.ts';
import { startOpenLoop } from './open-loop.ts';

/** How a load goes: callers that each ask again once they are answered, or so many a second whatever the answers do. */
export type Pace =
  | { readonly callers: number; readonly seconds: number }
  | { readonly callers: number; readonly requests: number }
  | { readonly perSecond: number; readonly seconds: number };

export interface LoadResult {
  /** Answered in all; none was under way when it ended. */
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the generator itself: it came to 99 of 100 requests not later than that after they were due. */
  readonly lateP99Ms: number;
  readonly givenUp: number;
}

/** Waiting for an answer at once; far more than a system has that keeps up with its rate. */
const mostUnderWay = 5_000;

/** Drives a load to its end; `ask` resolves with the answer. */
export const drive = async (pace: Pace, ask: () => Promise<void>): Promise<LoadResult> => {
  const took: number[] = [];
  const late: number[] = [];
  const startedAtMs = monotonicMs();
  const timed = async (intendedAtMs: number): Promise<void> => {
    late.push(monotonicMs() - intendedAtMs);
    await ask();
    took.push(monotonicMs() - intendedAtMs);
  };
  let givenUp = 0;
  if ('perSecond' in pace) {
    const loop = startOpenLoop({ perSecond: pace.perSecond, mostUnderWay }, timed);
    await sleep(pace.seconds * 1000);
    await loop.stop();
    ({ givenUp } = loop);
  } else {
    let begun = 0;
    const mayBegin = (): boolean =>
      'requests' in pace ? begun < pace.requests : monotonicMs() - startedAtMs < pace.seconds * 1000;
    const call = async (): Promise<void> => {
      for (; mayBegin(); await timed(monotonicMs())) begun += 1;
    };
    await Promise.all(Array.from({ length: pace.callers }, call));
  }
  const [p50Ms = 0, p99Ms = 0] = quantiles(took, [0.5, 0.99]);
  const perSecond = (took.length * 1000) / (monotonicMs() - startedAtMs);
  return { requests: took.length, perSecond, p50Ms, p99Ms, lateP99Ms: quantiles(late, [0.99])[0] ?? 0, givenUp };
};

import { fork } from 'node:child_process';
import type { Environment } from '../config/configuration.ts';
import type { RunningProcess } from '../process/run-until-signal.ts';
import type { Logger } from '../telemetry/logger.ts';
import { joinMetrics, type MetricFigures } from '../telemetry/metrics.ts';
import type { Answers } from './channel.ts';
import { numberVariable } from './this-worker.ts';
import { openWorkerPlace, type WorkerPlace } from './worker-place.ts';

export interface StartWorkersOptions {
  /** File that a worker runs. */
  readonly entry: string;
  readonly count: number;
  readonly env: Environment;
  readonly logger: Pick<Logger, 'error'>;
  /** What workers may ask this process. */
  readonly answers: Answers;
  /** Milliseconds that a worker may take to stop. */
  readonly stopTimeoutMs: number;
}

/** Less than the worker waits that asks for the figures of all: one that hangs is left out, and the others are told. */
const figuresWithinMs = 1_000;

/**
 * Runs `count` processes of `entry`, which share their listeners (SO_REUSEPORT): the system deals connections out, and
 * those of a worker that dies are its own only. Rejects, with nothing left running, when one does not come up.
 */
export const startWorkers = async (options: StartWorkersOptions): Promise<RunningProcess> => {
  const { count, entry, env, logger, stopTimeoutMs } = options;
  const places: WorkerPlace[] = [];

  const collectMetrics = async (): Promise<string> => {
    const asked = await Promise.allSettled(places.map((place) => place.ask('metrics', figuresWithinMs)));
    // One that is just starting, or hangs, is missing in this scrape and back in the next.
    return joinMetrics(
      asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value as MetricFigures] : [])),
    );
  };
  const stop = async (): Promise<void> => {
    await Promise.all(places.map((place) => place.stop()));
  };

  for (let number = 1; number <= count; number += 1) {
    const place = openWorkerPlace({
      // A group of its own: the terminal's Ctrl-C reaches this process only, which stops the others.
      spawn: () => fork(entry, { env: { ...env, [numberVariable]: String(number) }, detached: true }),
      answers: { ...options.answers, metrics: collectMetrics },
      onDeath: (how) =>
        logger.error({ worker: number, how }, 'A worker has ended; the others go on, and another one takes its place.'),
      stopTimeoutMs,
    });
    places.push(place);
  }
  const starts = places.map(({ serves }, index) =>
    serves.catch((error: Error) => {
      throw new Error(`Worker ${index + 1} did not start (${error.message}); its lines above say why.`);
    }),
  );
  try {
    await Promise.all(starts);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
};

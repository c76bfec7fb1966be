import type { Metrics } from '../telemetry/metrics.ts';
import { openChannel } from './channel.ts';

/** One of the processes that WORKERS asks for, as it sees itself. */
export interface Worker {
  /** From 1; who takes the place of a dead worker has its number. */
  readonly number: number;
  /** Asks the process that started this one; what it can be asked are the `answers` of `startWorkers`. */
  ask(question: string, body?: unknown): Promise<unknown>;
  /** Tells that process that this one serves. */
  ready(): Promise<void>;
}

/** Set by `startWorkers` for its own children. */
export const numberVariable = 'SCAIVAULT_WORKER';

/** True in a process that `startWorkers` has started. */
export const isWorker = (): boolean => process.env[numberVariable] !== undefined && process.send !== undefined;

/** This process as a worker, undefined where it serves alone; from then on `metrics` renders the figures of all workers. */
export const becomeWorker = (metrics: Metrics): Worker | undefined => {
  if (!isWorker()) return undefined;
  const { ask } = openChannel(process, { metrics: () => metrics.collect() });
  metrics.renderWith(async () => String(await ask('metrics')));
  return {
    number: Number(process.env[numberVariable]),
    ask,
    ready: async () => void (await ask('ready')),
  };
};

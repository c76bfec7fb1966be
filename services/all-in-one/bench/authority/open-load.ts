import { join } from 'node:path';
import { startScript } from '@scaivault/measure/script';
import type { Decision, LoadCommand, LoadOrder } from './load.ts';

/** The process that keeps asking. */
export interface Load extends Disposable {
  begin(perSecond: number): Promise<void>;
  /** Stops, and tells what was decided since it began. */
  end(): Promise<readonly Decision[]>;
  /** Resolves with the time at which every serving process has decided so. */
  watch(key: string, allowed: boolean): Promise<number>;
  readonly pid: number;
}

export const openLoad = async (order: LoadOrder): Promise<Load> => {
  const script = startScript<LoadCommand>(join(import.meta.dirname, 'load.ts'));
  await script.ask({ open: order });
  return {
    begin: async (perSecond) => void (await script.ask({ begin: { perSecond } })),
    end: () => script.ask({ end: true }),
    watch: (key, allowed) => script.ask({ watch: { key, allowed } }),
    pid: script.pid,
    [Symbol.dispose]: () => script[Symbol.dispose](),
  };
};

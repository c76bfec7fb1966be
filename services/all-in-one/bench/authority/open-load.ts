import { startScript } from '../child.ts';
import type { Decision, LoadCommand, LoadOrder } from './load.ts';

type WithoutId<Command> = Command extends { readonly id: number } ? Omit<Command, 'id'> : never;

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
  const child = startScript('authority/load.ts');
  const waiting = new Map<number, (result: unknown) => void>();
  let lastId = 0;
  child.on('message', ({ id, result }: { id: number; result: unknown }) => {
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  const tell = (command: WithoutId<LoadCommand>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('The load generator has ended.')));
      lastId += 1;
      waiting.set(lastId, resolve);
      child.send({ ...command, id: lastId });
    });
  child.setMaxListeners(0);
  await tell({ open: order });
  return {
    begin: async (perSecond) => void (await tell({ begin: { perSecond } })),
    end: async () => (await tell({ end: true })) as readonly Decision[],
    watch: async (key, allowed) => (await tell({ watch: { key, allowed } })) as number,
    pid: child.pid ?? 0,
    [Symbol.dispose]: () => child.disconnect(),
  };
};

/** Hands an item to a call of its group; what that call answers for it. */
export type Gather<Item, Result> = (group: string, item: Item) => Promise<Result>;

export interface GatherOptions<Item, Result> {
  /** One call for items of one group; the answer has one place per item, in the order of the items. */
  readonly run: (group: string, items: readonly Item[]) => Promise<readonly (Result | Promise<Result>)[]>;
  readonly mostItems?: number | undefined;
  /** Calls of one group under way at once; what comes meanwhile gathers for the next one. */
  readonly mostAtOnce?: number | undefined;
}

interface Waiter<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

interface Group<Item, Result> {
  waiting: Waiter<Item, Result>[];
  running: number;
  isDue: boolean;
}

/**
 * Lets work that comes in the same turn of the event loop cross together (architecture 5). Each item is part of a call that
 * begins after it was handed in; alone it costs no extra wait.
 */
export const createGather = <Item, Result>({
  run,
  mostItems = 64,
  mostAtOnce = 2,
}: GatherOptions<Item, Result>): Gather<Item, Result> => {
  const groups = new Map<string, Group<Item, Result>>();

  const runTogether = async (name: string, waiters: readonly Waiter<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(
        name,
        waiters.map(({ item }) => item),
      );
      for (const [place, { resolve }] of waiters.entries()) resolve(results[place] as Result | Promise<Result>);
    } catch (error) {
      for (const { reject } of waiters) reject(error);
    }
  };

  const begin = (name: string, group: Group<Item, Result>): void => {
    group.isDue = false;
    while (group.waiting.length > 0 && group.running < mostAtOnce) {
      group.running += 1;
      const waiters = group.waiting.splice(0, mostItems);
      void runTogether(name, waiters).then(() => {
        group.running -= 1;
        if (group.waiting.length > 0) begin(name, group);
        else if (group.running === 0 && !group.isDue) groups.delete(name);
      });
    }
  };

  return (name, item) =>
    new Promise((resolve, reject) => {
      const group = groups.get(name) ?? { waiting: [], running: 0, isDue: false };
      groups.set(name, group);
      group.waiting.push({ item, resolve, reject });
      if (group.isDue || group.running >= mostAtOnce) return;
      group.isDue = true;
      // Behind all microtasks of this turn: what else comes in it is there by then.
      process.nextTick(begin, name, group);
    });
};

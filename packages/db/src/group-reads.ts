/** Reads one row by its key within a group; undefined when there is none. */
export type GroupRead<Key, Row> = (group: string, key: Key) => Promise<Row | undefined>;

export interface GroupReadOptions<Key, Row> {
  /** Reads rows of one group; the answer has one place per key, in the order of the keys. */
  readonly read: (group: string, keys: readonly Key[]) => Promise<readonly (Row | undefined)[]>;
  /** Equal for equal keys; those are read once and share their row. */
  readonly nameOf: (key: Key) => string;
  readonly mostKeys?: number;
  /** Calls of one group under way at once; what comes meanwhile gathers for the next one. */
  readonly mostAtOnce?: number;
}

interface Waiter<Key, Row> {
  readonly key: Key;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Group<Key, Row> {
  waiting: Waiter<Key, Row>[];
  running: number;
  isDue: boolean;
}

/**
 * Lets reads that start in the same turn of the event loop cross together (architecture 5). Each read is part of a call
 * that begins after it was asked for, so it sees everything that was committed before; alone it costs no extra wait.
 */
export const createGroupReads = <Key, Row>({
  read,
  nameOf,
  mostKeys = 64,
  mostAtOnce = 2,
}: GroupReadOptions<Key, Row>): GroupRead<Key, Row> => {
  const groups = new Map<string, Group<Key, Row>>();

  const readTogether = async (name: string, waiters: readonly Waiter<Key, Row>[]): Promise<void> => {
    const places = new Map<string, number>();
    const keys: Key[] = [];
    for (const { key } of waiters) {
      if (places.has(nameOf(key))) continue;
      places.set(nameOf(key), keys.length);
      keys.push(key);
    }
    try {
      const rows = await read(name, keys);
      for (const { key, resolve } of waiters) resolve(rows[places.get(nameOf(key)) ?? -1]);
    } catch (error) {
      for (const { reject } of waiters) reject(error);
    }
  };

  const begin = (name: string, group: Group<Key, Row>): void => {
    group.isDue = false;
    while (group.waiting.length > 0 && group.running < mostAtOnce) {
      group.running += 1;
      const waiters = group.waiting.splice(0, mostKeys);
      void readTogether(name, waiters).then(() => {
        group.running -= 1;
        if (group.waiting.length > 0) begin(name, group);
        else if (group.running === 0 && !group.isDue) groups.delete(name);
      });
    }
  };

  return (name, key) =>
    new Promise((resolve, reject) => {
      const group = groups.get(name) ?? { waiting: [], running: 0, isDue: false };
      groups.set(name, group);
      group.waiting.push({ key, resolve, reject });
      if (group.isDue || group.running >= mostAtOnce) return;
      group.isDue = true;
      // Behind all microtasks of this turn: whoever else reads in it is there by then.
      process.nextTick(begin, name, group);
    });
};

import { createGather, type GatherOptions } from './gather.ts';

/** Reads one row by its key within a group; undefined when there is none. */
export type GroupRead<Key, Row> = (group: string, key: Key) => Promise<Row | undefined>;

export interface GroupReadOptions<Key, Row> extends Pick<GatherOptions<Key, Row>, 'mostAtOnce'> {
  /** Reads rows of one group; the answer has one place per key, in the order of the keys. */
  readonly read: (group: string, keys: readonly Key[]) => Promise<readonly (Row | undefined)[]>;
  /** Equal for equal keys; those are read once and share their row. */
  readonly nameOf: (key: Key) => string;
  readonly mostKeys?: number;
}

/** Reads that gather: each sees everything that was committed before it was asked for. */
export const createGroupReads = <Key, Row>({
  read,
  nameOf,
  mostKeys,
  mostAtOnce,
}: GroupReadOptions<Key, Row>): GroupRead<Key, Row> =>
  createGather<Key, Row | undefined>({
    mostItems: mostKeys,
    mostAtOnce,
    run: async (group, keys) => {
      const places = new Map<string, number>();
      const different = keys.filter((key) => {
        const name = nameOf(key);
        if (places.has(name)) return false;
        places.set(name, places.size);
        return true;
      });
      const rows = await read(group, different);
      return keys.map((key) => rows[places.get(nameOf(key)) ?? -1]);
    },
  });

import { shareNext } from '../replica/share-next.ts';

/** As many as a journal ships at once. */
const mostAtOnce = 500;

/**
 * Stores records one call at a time, each call carrying all that has gathered during the one before. Whoever hands a
 * record in waits for its own call; when that fails, all fail that it carried.
 */
export const storeTogether = (
  store: (records: readonly Uint8Array[]) => Promise<void>,
): ((record: Uint8Array) => Promise<void>) => {
  let gathered: Uint8Array[] = [];
  const storeGathered = shareNext(async () => {
    const records = gathered;
    gathered = [];
    for (let first = 0; first < records.length; first += mostAtOnce)
      await store(records.slice(first, first + mostAtOnce));
  });
  return (record) => {
    gathered.push(record);
    return storeGathered();
  };
};

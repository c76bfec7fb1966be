const one = (): number => 1;

/**
 * Bounds an LRUCache to so many entries. Its own `max` lays the lists for all of them out when the cache is made; these grow
 * with what is kept (ADR 0021).
 */
export const atMost = (entries: number) => ({ maxSize: entries, sizeCalculation: one });

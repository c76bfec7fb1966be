import type { KeyRecord, KeyStore } from '../src/key-store.ts';

export interface MemoryKeyStore extends KeyStore {
  readonly records: KeyRecord[];
  /** How often a record was read by its id. */
  reads: number;
  /** Puts a next generation in front and retires the present one, as a rotation does. */
  rotate(next: KeyRecord): void;
}

/** Records in a list; each call takes a turn of the event loop, so that races happen. */
export const createMemoryKeyStore = (): MemoryKeyStore => {
  const records: KeyRecord[] = [];
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const active = (scopeId: string) =>
    records.find((record) => record.scopeId === scopeId && record.status === 'active');
  return {
    records,
    reads: 0,
    async current(scopeId) {
      await turn();
      return active(scopeId);
    },
    async byId(scopeId, id) {
      this.reads++;
      await turn();
      return records.find((record) => record.scopeId === scopeId && record.id === id);
    },
    async insertFirst(record) {
      await turn();
      const winner = active(record.scopeId);
      if (winner === undefined) records.push(record);
      return winner ?? record;
    },
    rotate(next) {
      const index = records.findIndex(({ scopeId, status }) => scopeId === next.scopeId && status === 'active');
      const former = records[index];
      if (former !== undefined) records[index] = { ...former, status: 'retired' };
      records.push(next);
    },
  };
};

import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { createLanes } from './lanes.ts';

/** A pool whose connections only count what runs on them at once. */
const createFakePool = () => {
  const connections: { isLost: boolean; inUse: boolean }[] = [];
  return {
    connections,
    requireOpen: () => {},
    use: async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
      const free = connections.find((connection) => !connection.inUse && !connection.isLost);
      const connection = free ?? { isLost: false, inUse: false };
      if (free === undefined) connections.push(connection);
      connection.inUse = true;
      try {
        return await work(connection as unknown as Connection);
      } finally {
        connection.inUse = false;
      }
    },
  };
};

const statement = () => Promise.withResolvers<string>();

describe('statements that come at the same time', () => {
  it('take lanes of their own until there are as many as allowed, then share', async () => {
    const pool = createFakePool();
    const lanes = createLanes(pool, 2);
    const used: Connection[] = [];
    const open = Array.from({ length: 6 }, statement);
    const all = open.map(({ promise }) =>
      lanes.run((connection) => {
        used.push(connection);
        return promise;
      }),
    );
    for (const [i, { resolve }] of open.entries()) resolve(`answer ${i}`);
    expect(await Promise.all(all)).toEqual(open.map((_, i) => `answer ${i}`));
    expect(new Set(used).size).toBe(2);
    expect(pool.connections.map(({ inUse }) => inUse)).toEqual([false, false]);
  });

  it('leave a lost connection alone, and its failures stay their own', async () => {
    const pool = createFakePool();
    const lanes = createLanes(pool, 1);
    const hanging = statement();
    const failing = lanes.run(() => hanging.promise);
    await Promise.resolve();
    const [first] = pool.connections;
    if (first !== undefined) first.isLost = true;
    expect(await lanes.run(() => Promise.resolve('fresh'))).toBe('fresh');
    expect(pool.connections).toHaveLength(2);
    hanging.reject(new Error('lost'));
    await expect(failing).rejects.toThrow('lost');
  });

  it('hear of it together when no connection can be made, and the next one tries again', async () => {
    let refusals = 2;
    const pool = createFakePool();
    const lanes = createLanes(
      {
        requireOpen: () => {},
        use: (work) => {
          refusals -= 1;
          return refusals >= 0 ? Promise.reject(new Error('refused')) : pool.use(work);
        },
      },
      1,
    );
    const both = await Promise.allSettled([lanes.run(() => Promise.resolve(1)), lanes.run(() => Promise.resolve(2))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(lanes.run(() => Promise.resolve(3))).rejects.toThrow('refused');
    expect(await lanes.run(() => Promise.resolve(4))).toBe(4);
  });
});

import type { Connection } from './connection.ts';
import type { Pool } from './pool.ts';

/** Connections that single statements share; a transaction never runs here. */
export interface Lanes {
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

interface Lane {
  readonly connection: Promise<Connection>;
  /** Set as soon as it is there. */
  opened: Connection | undefined;
  /** Statements under way. */
  load: number;
  /** Statements it still takes, so that a connection that is never idle can be replaced all the same. */
  left: number;
  readonly giveBack: () => void;
}

const statementsPerLane = 100_000;

/**
 * Lets statements that come at the same time cross together: each takes an idle lane, a new one while there are fewer
 * than `most`, else the one with the least under way. Sent one behind the other on a connection, statements share
 * writes, reads and wake-ups on both sides; each is still a transaction of its own. At rest a lane is one statement.
 */
export const createLanes = (pool: Pick<Pool, 'use' | 'requireOpen'>, most: number): Lanes => {
  const lanes = new Set<Lane>();

  const openLane = (): Lane => {
    const given = Promise.withResolvers<Connection>();
    const free = Promise.withResolvers<void>();
    const lane: Lane = {
      connection: given.promise,
      opened: undefined,
      load: 0,
      left: statementsPerLane,
      giveBack: () => {
        lanes.delete(lane);
        free.resolve();
      },
    };
    lanes.add(lane);
    pool
      .use((connection) => {
        lane.opened = connection;
        given.resolve(connection);
        return free.promise;
      })
      .catch((error: unknown) => {
        lanes.delete(lane);
        given.reject(error);
      });
    return lane;
  };

  const pick = (): Lane => {
    let best: Lane | undefined;
    for (const lane of lanes) {
      if (lane.opened?.isLost !== true && (best === undefined || lane.load < best.load)) best = lane;
    }
    return best === undefined || (best.load > 0 && lanes.size < most) ? openLane() : best;
  };

  return {
    run: async (work) => {
      pool.requireOpen();
      const lane = pick();
      lane.load += 1;
      lane.left -= 1;
      if (lane.left === 0) lanes.delete(lane);
      try {
        return await work(await lane.connection);
      } finally {
        lane.load -= 1;
        if (lane.load === 0) lane.giveBack();
      }
    },
  };
};

import { VaultError } from '@scaivault/errors';
import type { Connection } from './connection.ts';
import { databaseUnavailable } from './failure.ts';

/** For the health report and the gauges db_pool_size and db_pool_available. */
export interface PoolStats {
  /** The most connections there may be. */
  readonly size: number;
  /** How many more pieces of work could start at once. */
  readonly available: number;
}

/** Connections for one piece of work each: a statement or a transaction, never two at once. */
export interface Pool {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Throws 503 `service_unavailable` once the pool is closing. */
  requireOpen(): void;
  stats(): PoolStats;
  /** Refuses new work, lets running work end for up to `graceMs`, then closes. */
  close(graceMs: number): Promise<void>;
}

export interface PoolSettings {
  readonly size: number;
  /** How long work may wait for a free connection before it is refused with 503. */
  readonly acquireTimeoutMs: number;
  /** A connection older than about this is replaced, so that server memory and DNS changes do not pile up. */
  readonly lifetimeMs: number;
  readonly open: (onLost: () => void) => Promise<Connection>;
  /** Hears of failed attempts to connect; the work that waited has its own error. */
  readonly onError: (error: unknown) => void;
}

interface Waiter {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
}

const shuttingDown = (): VaultError => new VaultError('service_unavailable', 'The service is shutting down.');

const firstDelayMs = 50;
const longestDelayMs = 2_000;

/** Exponential, with half of it left to chance so that processes do not knock at a restarting server together. */
const reconnectDelayMs = (failures: number): number =>
  Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);

export const createPool = ({ size, acquireTimeoutMs, lifetimeMs, open, onError }: PoolSettings): Pool => {
  const retireAt = new Map<Connection, number>();
  const idle: Connection[] = [];
  const waiting = new Set<Waiter>();
  let opening = 0;
  let failures = 0;
  let retryAt = 0;
  let retryTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let whenDrained = (): void => {};

  const busy = (): number => retireAt.size - idle.length;

  const takeWaiter = (): Waiter | undefined => {
    const [first] = waiting;
    if (first !== undefined) waiting.delete(first);
    return first;
  };

  const give = (connection: Connection): void => {
    const waiter = takeWaiter();
    if (waiter === undefined) idle.push(connection);
    else waiter.resolve(connection);
  };

  const forget = (connection: Connection): void => {
    retireAt.delete(connection);
    const index = idle.indexOf(connection);
    if (index !== -1) idle.splice(index, 1);
    if (busy() === 0) whenDrained();
    grow();
  };

  const openOne = async (): Promise<void> => {
    opening += 1;
    try {
      const connection: Connection = await open(() => forget(connection));
      failures = 0;
      if (closed) {
        await connection.close();
        return;
      }
      retireAt.set(connection, Date.now() + lifetimeMs * (0.5 + Math.random() / 2));
      give(connection);
    } catch (error) {
      failures += 1;
      retryAt = Date.now() + reconnectDelayMs(failures);
      onError(error);
      // With connections alive the wait goes on (the server may just have no more to give); with none it is an outage.
      if (retireAt.size === 0) for (let next = takeWaiter(); next; next = takeWaiter()) next.reject(error);
    } finally {
      opening -= 1;
    }
    grow();
  };

  const grow = (): void => {
    if (closed || waiting.size === 0) return;
    const pauseMs = failures === 0 ? 0 : retryAt - Date.now();
    if (pauseMs > 0) {
      retryTimer ??= setTimeout(() => {
        retryTimer = undefined;
        grow();
      }, pauseMs);
      return;
    }
    // After a failure one attempt at a time, until one succeeds.
    const wanted = failures === 0 ? waiting.size : 1;
    while (opening < wanted && retireAt.size + opening < size) void openOne();
  };

  const requireOpen = (): void => {
    if (closed) throw shuttingDown();
  };

  const acquire = async (): Promise<Connection> => {
    requireOpen();
    const free = idle.pop();
    if (free !== undefined) return free;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(waiter);
        reject(databaseUnavailable(new Error(`No database connection became free in ${acquireTimeoutMs} ms.`)));
      }, acquireTimeoutMs);
      const waiter: Waiter = {
        resolve: (connection) => {
          clearTimeout(timer);
          resolve(connection);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      waiting.add(waiter);
      grow();
    });
  };

  const release = (connection: Connection): void => {
    if (connection.isLost) return;
    if (!closed && Date.now() >= (retireAt.get(connection) ?? 0)) {
      forget(connection);
      void connection.close();
      return;
    }
    give(connection);
    if (busy() === 0) whenDrained();
  };

  return {
    async use(work) {
      const connection = await acquire();
      try {
        return await work(connection);
      } finally {
        release(connection);
      }
    },

    requireOpen,

    stats: () => ({ size, available: size - busy() }),

    async close(graceMs) {
      if (closed) return;
      closed = true;
      clearTimeout(retryTimer);
      for (let next = takeWaiter(); next; next = takeWaiter()) {
        next.reject(shuttingDown());
      }
      const drained = new Promise<void>((resolve) => {
        whenDrained = resolve;
      });
      const grace = setTimeout(() => whenDrained(), graceMs);
      if (busy() > 0) await drained;
      clearTimeout(grace);
      await Promise.all([...retireAt.keys()].map((connection) => connection.close()));
      retireAt.clear();
      idle.length = 0;
    },
  };
};

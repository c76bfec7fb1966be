import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { SettledBucket, SharedLedger } from './ledger.ts';
import { settleScript } from './settle-script.ts';

export interface RedisLedger extends SharedLedger {
  /** Bytes of memory in use; rejects when Redis does not answer. */
  memoryUsedBytes(): Promise<number>;
}

interface SettleCommand {
  settleRateLimits(keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

/** Longer than any healthy Redis takes; a round that waits longer counts as lost. */
const answerTimeoutMs = 1_000;
const connectTimeoutMs = 2_000;
const longestPauseMs = 2_000;
/** A Redis that hangs does not say goodbye. */
const closeTimeoutMs = 100;

/** Doubling, and jittered so that processes that lost Redis together do not come back together. */
const pauseBefore = (attempt: number): number =>
  Math.min(longestPauseMs, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);

/** The reply is somebody else's word: as many pairs of a number and a name as were asked for, or nothing at all. */
const parseReply = (reply: unknown, count: number): SettledBucket[] => {
  if (!Array.isArray(reply) || reply.length !== count * 2) throw new Error('Redis answered in another form.');
  return Array.from({ length: count }, (_, index) => {
    const [level, life] = [Number(reply[index * 2]), reply[index * 2 + 1] as unknown];
    if (!Number.isFinite(level) || typeof life !== 'string') throw new Error('Redis answered in another form.');
    return { level, life };
  });
};

/**
 * A ledger in Redis (REDIS_URL, REDIS_PREFIX). Nothing is queued while the connection is away: `settle` rejects at once,
 * with what was last heard of the connection as the cause.
 */
export const openRedisLedger = ({ url, prefix }: { readonly url: string; readonly prefix: string }): RedisLedger => {
  const redis = new Redis(url, {
    scripts: { settleRateLimits: { lua: settleScript } },
    commandTimeout: answerTimeoutMs,
    connectTimeout: connectTimeoutMs,
    retryStrategy: pauseBefore,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    disconnectTimeout: closeTimeoutMs,
  }) as Redis & SettleCommand;
  // The client's own status still says ready while a connection that was given up is being closed.
  let isReady = false;
  let lastHeard: unknown;
  redis.on('ready', () => {
    isReady = true;
  });
  redis.on('close', () => {
    isReady = false;
  });
  // Told of by the round that fails for it.
  redis.on('error', (error) => {
    lastHeard = error;
  });
  const life = randomUUID();
  let rounds = 0;

  return {
    settle: async (reports) => {
      if (!isReady) throw new Error('Redis is not connected.', { cause: lastHeard });
      const keys = reports.map(({ key }) => `${prefix}rate:${key}`);
      const values = reports.flatMap(({ perMinute, spent, level, life: known }) => [perMinute, spent, level, known]);
      rounds += 1;
      try {
        const reply = await redis.settleRateLimits(keys.length, ...keys, `${life}.${rounds}`, ...values);
        return parseReply(reply, reports.length);
      } catch (error) {
        // What an overdue reply would answer is not known any more; a new connection has none under way.
        if (isReady) redis.disconnect(true);
        isReady = false;
        throw error;
      }
    },
    memoryUsedBytes: async () => {
      if (!isReady) throw new Error('Redis is not connected.', { cause: lastHeard });
      const bytes = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
      if (!Number.isFinite(bytes)) throw new Error('Redis answered in another form.');
      return bytes;
    },
    close: () => redis.disconnect(),
  };
};

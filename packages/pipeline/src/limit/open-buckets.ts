import { type Configuration, DegradedError, type Logger, type Metrics, type Worker } from '@scaivault/runtime';
import type { ProcessHealth } from '../host/process-health.ts';
import type { SettledBucket } from './shared/ledger.ts';
import { createSharedBuckets } from './shared/shared-buckets.ts';
import { createTokenBuckets, type TokenBuckets } from './token-buckets.ts';

export interface OpenBuckets {
  readonly buckets: TokenBuckets;
  /** `redis`, where there is one. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly redis: ProcessHealth['redis'];
  start(): Promise<void>;
  stop(): void;
}

interface OpenBucketsOptions {
  readonly config: Pick<
    Configuration,
    'REDIS_URL' | 'REDIS_PREFIX' | 'RATE_LIMIT_ON_REDIS_LOSS' | 'READY_REQUIRES_REDIS'
  >;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  readonly metrics: Pick<Metrics, 'redisSeconds'>;
  readonly nowMs: () => number;
  /** This process, where it is one of several that serve together. */
  readonly worker?: Pick<Worker, 'ask'> | undefined;
}

const openOwn = ({ nowMs }: OpenBucketsOptions): OpenBuckets => ({
  buckets: createTokenBuckets({ nowMs }),
  checks: {},
  redis: undefined,
  start: () => Promise.resolve(),
  stop: () => {},
});

/** Shared by the workers of one machine, whose ledger is in the process that started them (`memory-ledger.ts`). */
const openAmongWorkers = (worker: Pick<Worker, 'ask'>, { logger, nowMs }: OpenBucketsOptions): OpenBuckets => {
  const buckets = createSharedBuckets({
    ledger: {
      settle: async (reports) => (await worker.ask('settle', reports)) as readonly SettledBucket[],
      close: () => {},
    },
    nowMs,
    onLoss: 'local',
    onLost: (error) => logger.warn({ err: error }, 'The first process does not answer; each worker counts alone'),
    onFound: () => logger.info('The first process answers again; rate limits are shared'),
    onRound: () => {},
  });
  return { buckets, checks: {}, redis: undefined, start: buckets.start, stop: buckets.stop };
};

const openInRedis = async (
  url: string,
  { config, logger, metrics, nowMs }: OpenBucketsOptions,
): Promise<OpenBuckets> => {
  // Loaded only where there is a Redis.
  const { openRedisLedger } = await import('./shared/redis-ledger.ts');
  const onLoss = config.RATE_LIMIT_ON_REDIS_LOSS;
  const effect = onLoss === 'local' ? 'each process counts alone' : 'limited calls are refused';
  const ledger = openRedisLedger({ url, prefix: config.REDIS_PREFIX });
  const buckets = createSharedBuckets({
    ledger,
    nowMs,
    onLoss,
    onLost: (error) => logger.warn({ err: error }, `Redis does not answer; ${effect} until it does`),
    onFound: () => logger.info('Redis answers again; rate limits are shared'),
    onRound: (seconds) => metrics.redisSeconds.observe(seconds),
  });
  const check = async (): Promise<void> => {
    if (buckets.isShared()) return;
    const what = 'Redis does not answer.';
    throw config.READY_REQUIRES_REDIS ? new Error(what) : new DegradedError(what);
  };
  return {
    buckets,
    checks: { redis: check },
    redis: async () => ({ memoryUsedBytes: await ledger.memoryUsedBytes() }),
    start: buckets.start,
    stop: buckets.stop,
  };
};

/**
 * The buckets of one process: with REDIS_URL shared with all that use the same Redis and prefix, else with the other
 * workers, else its own.
 */
export const openBuckets = async (options: OpenBucketsOptions): Promise<OpenBuckets> => {
  const url = options.config.REDIS_URL?.reveal();
  if (url !== undefined) return openInRedis(url, options);
  return options.worker === undefined ? openOwn(options) : openAmongWorkers(options.worker, options);
};

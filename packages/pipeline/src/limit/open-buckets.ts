import { type Configuration, DegradedError, type Logger, type Metrics } from '@scaivault/runtime';
import type { ProcessHealth } from '../host/process-health.ts';
import { createTokenBuckets, type TokenBuckets } from './token-buckets.ts';

export interface OpenBuckets {
  readonly buckets: TokenBuckets;
  /** `redis`, where there is one. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly redis: ProcessHealth['redis'];
  start(): Promise<void>;
  stop(): void;
}

/** The buckets of one process: its own, or, with REDIS_URL, shared with all that use the same Redis and prefix. */
export const openBuckets = async ({
  config,
  logger,
  metrics,
  nowMs,
}: {
  readonly config: Pick<
    Configuration,
    'REDIS_URL' | 'REDIS_PREFIX' | 'RATE_LIMIT_ON_REDIS_LOSS' | 'READY_REQUIRES_REDIS'
  >;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  readonly metrics: Pick<Metrics, 'redisSeconds'>;
  readonly nowMs: () => number;
}): Promise<OpenBuckets> => {
  const url = config.REDIS_URL?.reveal();
  if (url === undefined)
    return {
      buckets: createTokenBuckets({ nowMs }),
      checks: {},
      redis: undefined,
      start: () => Promise.resolve(),
      stop: () => {},
    };
  // Loaded only where there is a Redis.
  const [{ openRedisLedger }, { createSharedBuckets }] = await Promise.all([
    import('./shared/redis-ledger.ts'),
    import('./shared/shared-buckets.ts'),
  ]);
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

import type { Configuration, Logger } from '@scaivault/runtime';
import type { OpenClock } from './clock.ts';
import { createLocalClock } from './local-clock.ts';

/** With REDIS_URL the processes of one name wake one another, without it each wakes itself (ADR 0028). */
export const chooseClock =
  ({
    config,
    name,
    logger,
    nowMs,
  }: {
    readonly config: Pick<Configuration, 'REDIS_URL' | 'REDIS_PREFIX'>;
    readonly name: string;
    readonly logger: Pick<Logger, 'warn'>;
    readonly nowMs: () => number;
  }): OpenClock =>
  async (wake) => {
    if (config.REDIS_URL === undefined) return createLocalClock(wake, nowMs);
    // Loaded only where there is a Redis.
    const { openRedisClock } = await import('./redis-clock.ts');
    return await openRedisClock(wake, {
      url: config.REDIS_URL.reveal(),
      prefix: config.REDIS_PREFIX,
      name,
      nowMs,
      onLost: (err) => logger.warn({ err }, `Redis does not answer; each process wakes its own ${name} until it does`),
    });
  };

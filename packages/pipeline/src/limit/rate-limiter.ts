import { VaultError } from '@scaivault/errors';
import { type CallContext, type Metrics, type RateCategory, rateCategories } from '@scaivault/runtime';
import { answerHeaders } from '../metadata.ts';
import { addressNetwork } from './address-network.ts';
import type { BucketAnswer, TokenBuckets } from './token-buckets.ts';

/** Units taken ahead of the work they are for. */
export interface ReservedUnits {
  /** Puts back what the work did not use, once or in parts; never more than was reserved. */
  giveBack(units: number): void;
}

export interface RateLimiter {
  /**
   * Takes a unit and writes the figures into the answer's headers; 429 `rate_limited` when none is left. `override`: units
   * a minute in place of the installation's.
   */
  take(call: CallContext, category: RateCategory, who: string, override?: number): void;
  /** Takes a unit for somebody without a call of ours; 429 `rate_limited` when none is left. */
  takeSilently(category: RateCategory, who: string): void;
  /**
   * Takes units of another category than the call's own, all or none, without a word in the answer's headers: 429
   * `rate_limited` when too few are there, also when the bucket could never hold so many (rest-api-core 4.3, 13.3).
   */
  reserve(category: RateCategory, who: string, units: number, override?: number): ReservedUnits;
}

export const isRateCategory = (text: string): text is RateCategory => Object.hasOwn(rateCategories, text);

/** Units a minute of an installation: as it sets them, else the defaults of the contract; 0: not limited. */
export const limitOf =
  (limits: Readonly<Partial<Record<RateCategory, number>>>) =>
  (category: RateCategory): number =>
    limits[category] ?? rateCategories[category].perMinute;

const bucketOf = (category: RateCategory, who: string): string =>
  `${category} ${rateCategories[category].by === 'address' ? addressNetwork(who) : who}`;

const tell = (headers: Headers, answer: BucketAnswer): void => {
  headers.set(answerHeaders.rateLimit, String(answer.limit));
  headers.set(answerHeaders.rateRemaining, String(answer.remaining));
  headers.set(answerHeaders.rateReset, String(answer.resetAtSeconds));
};

export const createRateLimiter = ({
  buckets,
  limits,
  metrics,
}: {
  readonly buckets: TokenBuckets;
  /** Figures of this installation; absent categories have their defaults. */
  readonly limits: Readonly<Partial<Record<RateCategory, number>>>;
  readonly metrics: Pick<Metrics, 'rateLimitHits'>;
}): RateLimiter => {
  const instanceLimitOf = limitOf(limits);
  const take = (category: RateCategory, who: string, units: number, override?: number): BucketAnswer | undefined =>
    buckets.take(bucketOf(category, who), override ?? instanceLimitOf(category), units);
  const refuse = (category: RateCategory, answer: BucketAnswer, required = 1): never => {
    metrics.rateLimitHits.inc({ category });
    const message =
      required > answer.limit
        ? `This takes ${required} units of ${category} at once, of which there are ${answer.limit} at most.`
        : `Too many ${category} requests. Try again in ${answer.retryAfterSeconds} s.`;
    throw new VaultError('rate_limited', message, {
      details: {
        category,
        limit: answer.limit,
        window_seconds: 60,
        required,
        retry_after_seconds: answer.retryAfterSeconds,
      },
      retryAfterSeconds: answer.retryAfterSeconds,
    });
  };
  return {
    take: (call, category, who, override) => {
      const answer = take(category, who, 1, override);
      if (answer === undefined) return;
      tell(call.responseHeader, answer);
      if (!answer.granted) refuse(category, answer);
    },
    takeSilently: (category, who) => {
      const answer = take(category, who, 1);
      if (answer !== undefined && !answer.granted) refuse(category, answer);
    },
    reserve: (category, who, units, override) => {
      const answer = take(category, who, units, override);
      if (answer !== undefined && !answer.granted) refuse(category, answer, units);
      let left = units;
      return {
        giveBack: (unused) => {
          const returned = Math.max(0, Math.min(left, unused));
          left -= returned;
          if (returned > 0) buckets.giveBack(bucketOf(category, who), override ?? instanceLimitOf(category), returned);
        },
      };
    },
  };
};

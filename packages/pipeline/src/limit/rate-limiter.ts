import { VaultError } from '@scaivault/errors';
import { type CallContext, type Metrics, type RateCategory, rateCategories } from '@scaivault/runtime';
import { answerHeaders } from '../metadata.ts';
import type { BucketAnswer, TokenBuckets } from './token-buckets.ts';

export interface RateLimiter {
  /** Takes a unit and writes the figures into the answer's headers; 429 `rate_limited` when none is left. */
  take(call: CallContext, category: RateCategory, who: string): void;
  /** Takes a unit for somebody without a call of ours; 429 `rate_limited` when none is left. */
  takeSilently(category: RateCategory, who: string): void;
}

export const isRateCategory = (text: string): text is RateCategory => Object.hasOwn(rateCategories, text);

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
  const take = (category: RateCategory, who: string): BucketAnswer | undefined =>
    buckets.take(`${category} ${who}`, limits[category] ?? rateCategories[category].perMinute);
  const refuse = (category: RateCategory, answer: BucketAnswer): never => {
    metrics.rateLimitHits.inc({ category });
    throw new VaultError('rate_limited', `Too many ${category} requests. Try again in ${answer.retryAfterSeconds} s.`, {
      details: {
        category,
        limit: answer.limit,
        window_seconds: 60,
        required: 1,
        retry_after_seconds: answer.retryAfterSeconds,
      },
      retryAfterSeconds: answer.retryAfterSeconds,
    });
  };
  return {
    take: (call, category, who) => {
      const answer = take(category, who);
      if (answer === undefined) return;
      tell(call.responseHeader, answer);
      if (!answer.granted) refuse(category, answer);
    },
    takeSilently: (category, who) => {
      const answer = take(category, who);
      if (answer !== undefined && !answer.granted) refuse(category, answer);
    },
  };
};

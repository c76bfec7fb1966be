import { VaultError } from '@scaivault/errors';
import { addressNetwork, createTokenBuckets } from '@scaivault/pipeline';
import type { Metrics } from '@scaivault/runtime';

/** Refuses an address that sends more than it may; 429 `rate_limited`. */
export type AddressGuard = (address: string | undefined) => void;

/** Name of the guard in answers and metrics, beside the categories of the contract. */
const category = 'address';

/**
 * The coarse guard of this process, before anything of a request is looked at: one token bucket per client address (v6: per
 * /64 network), the addresses used longest ago forgotten first. It keeps a flood from costing us token checks and
 * hops; what callers may do is for the categories of rest-api-core 13.1.
 */
export const createAddressGuard = ({
  perMinute,
  nowMs,
  metrics,
  max = 50_000,
}: {
  /** ADDRESS_LIMIT; 0: none. */
  readonly perMinute: number;
  readonly nowMs: () => number;
  readonly metrics: Pick<Metrics, 'rateLimitHits'>;
  readonly max?: number;
}): AddressGuard => {
  const buckets = createTokenBuckets({ nowMs, max });
  return (address) => {
    const answer = buckets.take(address === undefined ? 'unknown' : addressNetwork(address), perMinute);
    if (answer === undefined || answer.granted) return;
    metrics.rateLimitHits.inc({ category });
    const { limit, retryAfterSeconds } = answer;
    throw new VaultError('rate_limited', `Too many requests from this address. Try again in ${retryAfterSeconds} s.`, {
      details: { category, limit, window_seconds: 60, required: 1, retry_after_seconds: retryAfterSeconds },
      retryAfterSeconds,
    });
  };
};

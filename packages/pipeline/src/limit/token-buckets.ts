import { LRUCache } from 'lru-cache';
import { atMost } from '../at-most.ts';

export interface BucketAnswer {
  readonly granted: boolean;
  readonly limit: number;
  /** Whole units left. */
  readonly remaining: number;
  /** Unix second at which the bucket is full again. */
  readonly resetAtSeconds: number;
  /** Whole seconds until the units asked for are there; at least 1 when refused. */
  readonly retryAfterSeconds: number;
}

export interface TokenBuckets {
  /** Takes units from the bucket of `key`, or none when too few are left. Undefined: the limit is off. */
  take(key: string, perMinute: number, units?: number): BucketAnswer | undefined;
  /** Puts units back that were taken and not used. */
  giveBack(key: string, perMinute: number, units: number): void;
}

export interface Bucket {
  perMinute: number;
  /** Below zero when processes that share the bucket have taken more than there was; refilling pays that first. */
  units: number;
  /** When `units` was right, in Unix milliseconds. */
  at: number;
}

export interface TokenBucketsOptions {
  /** Buckets kept at most; the one used longest ago goes first and is a full one when it comes back. */
  readonly max?: number;
  readonly nowMs: () => number;
  /** Told of every change by a caller: the units taken, or less than none for units put back. */
  readonly onChange?: (key: string, bucket: Bucket, units: number) => void;
}

/** One token bucket per key, capacity = the figure per minute, refilled evenly (rest-api-core 13.1); memory bounded. */
export const createTokenBuckets = ({ max = 100_000, nowMs, onChange }: TokenBucketsOptions): TokenBuckets => {
  const buckets = new LRUCache<string, Bucket>(atMost(max));
  return {
    take: (key, perMinute, units = 1) => {
      if (perMinute === 0) return undefined;
      const now = nowMs();
      const perMs = perMinute / 60_000;
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = { perMinute, units: perMinute, at: now };
        buckets.set(key, bucket);
      }
      // A clock that jumps back gives nothing and takes nothing.
      bucket.units = Math.min(perMinute, bucket.units + Math.max(0, now - bucket.at) * perMs);
      bucket.at = now;
      bucket.perMinute = perMinute;
      const granted = bucket.units >= units;
      if (granted) {
        bucket.units -= units;
        onChange?.(key, bucket, units);
      }
      return {
        granted,
        limit: perMinute,
        remaining: Math.max(0, Math.floor(bucket.units)),
        resetAtSeconds: Math.ceil((now + (perMinute - bucket.units) / perMs) / 1000),
        retryAfterSeconds: granted ? 0 : Math.max(1, Math.ceil((units - bucket.units) / perMs / 1000)),
      };
    },
    giveBack: (key, perMinute, units) => {
      // A bucket forgotten meanwhile will be a full one.
      const bucket = buckets.get(key);
      if (bucket === undefined) return;
      const returned = Math.min(units, perMinute - bucket.units);
      if (returned <= 0) return;
      bucket.units += returned;
      onChange?.(key, bucket, -returned);
    },
  };
};

import type { KeyObject } from 'node:crypto';
import { isVaultError, VaultError } from '@scaivault/errors';
import { LRUCache } from 'lru-cache';
import { createSingleFlight } from './single-flight.ts';

export interface CachedKey {
  readonly key: KeyObject;
  /** When the KMS last unwrapped the partner key that this key is, or hangs on. */
  readonly confirmedAtMs: number;
  /** While the KMS is away: not asked again before this instant, so that not every read waits for its deadline. */
  readonly retryAtMs: number;
}

export interface KeyCacheOptions {
  /** How long a confirmed key is used without asking again. */
  readonly ttlMs: number;
  /** How much longer it is used when the KMS is away (KEY_CACHE_GRACE). */
  readonly graceMs: number;
  readonly max: number;
  readonly nowMs: () => number;
}

export interface KeyCache {
  /** The key when it may be used right now, without waiting. */
  usable(id: string): CachedKey | undefined;
  /** Unwraps, once for all who ask at the same time. `kms_unavailable` ends in the old key while the grace lasts. */
  refresh(id: string, unwrap: () => Promise<CachedKey>): Promise<CachedKey>;
  /** Lets go of every key and keeps none from now on. */
  close(): void;
}

const retryPauseMs = 5_000;

/** Half of what a timer can count to: life and grace together stay below 25 days. */
const mostMs = 2 ** 30;
const mostKeys = 1_000_000;

const requireWithin = (value: number, least: number, most: number, what: string): void => {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new VaultError('invalid_config', `${what} must be a whole number from ${least} to ${most}.`);
  }
};

/** Unwrapped keys in memory, bounded in number and time (rest-api-core 14); `invalid_config` for bounds that are none. */
export const createKeyCache = ({ ttlMs, graceMs, max, nowMs }: KeyCacheOptions): KeyCache => {
  requireWithin(ttlMs, 1, mostMs, 'The lifetime of cached keys in ms');
  requireWithin(graceMs, 0, mostMs, 'The grace period of cached keys in ms');
  requireWithin(max, 1, mostKeys, 'The number of cached keys');

  const entries = new LRUCache<string, CachedKey>({
    max,
    // Nobody may ask for an idle key again, and it must go all the same.
    ttlAutopurge: true,
    ttlResolution: 0,
    perf: { now: nowMs },
  });
  const once = createSingleFlight<CachedKey>();
  let closed = false;

  const graceEndMs = ({ confirmedAtMs }: CachedKey): number => confirmedAtMs + ttlMs + graceMs;

  const keep = (id: string, entry: CachedKey): CachedKey => {
    const ttl = Math.ceil(graceEndMs(entry) - nowMs());
    // To the library 0 means for ever.
    if (!closed && ttl > 0) entries.set(id, entry, { ttl });
    return entry;
  };

  return {
    usable(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      const untilMs = Math.max(entry.confirmedAtMs + ttlMs, Math.min(entry.retryAtMs, graceEndMs(entry)));
      return nowMs() < untilMs ? entry : undefined;
    },
    refresh: (id, unwrap) =>
      once(id, async () => {
        try {
          return keep(id, await unwrap());
        } catch (error) {
          const old = entries.get(id);
          if (old !== undefined && isVaultError(error, 'kms_unavailable') && nowMs() < graceEndMs(old)) {
            return keep(id, { ...old, retryAtMs: nowMs() + retryPauseMs });
          }
          // Only an outage leaves a key usable; a refusal means that it may be gone for good.
          if (!isVaultError(error) || error.httpStatus !== 503) entries.delete(id);
          throw error;
        }
      }),
    close() {
      closed = true;
      entries.clear();
    },
  };
};

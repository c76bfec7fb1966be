import { VaultError } from '@scaivault/errors';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import * as errors from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';

export interface KeySet {
  /** For jose: the key that a token's header names. */
  readonly getKey: JWTVerifyGetKey;
  /** Fetches now; rejects when the issuer does not answer. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface KeySetOptions {
  /** Finds the address of the key set; asked at each refresh. */
  readonly locate: () => Promise<string>;
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** Interval of refreshes in milliseconds. */
  readonly refreshMs: number;
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** An unknown `kid` makes us ask once more, but at most this often (rest-api-core 2.1). */
const unknownKidPauseMs = 30_000;
/** Without any set each request would ask; an issuer that has just failed is left alone for so long. */
const failedPauseMs = 1_000;
/** A set that could not be refreshed serves on for a day (design section 11). */
const usableMs = 86_400_000;

/** Whatever the configuration says: the issuer is not ours to hammer. */
const leastRefreshMs = 1_000;
/** setInterval takes anything longer for 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

const noKeys = (cause?: unknown): VaultError =>
  new VaultError('service_unavailable', "The identity provider's keys are not available yet. Try again.", {
    cause,
    retryAfterSeconds: 2,
  });

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);

/** The issuer's public keys: cached, refreshed in the background, kept through an outage. */
export const createKeySet = (options: KeySetOptions): KeySet => {
  let current: { readonly find: JWTVerifyGetKey; readonly fetchedAt: number } | undefined;
  let underWay: Promise<void> | undefined;
  let askedForUnknownAt = Number.NEGATIVE_INFINITY;
  let lastFailure: { readonly error: unknown; readonly at: number } | undefined;

  const load = async (): Promise<void> => {
    const set = await options.fetchJson(await options.locate());
    if (!isKeySet(set)) throw new Error('The key set has no list of keys.');
    current = { find: createLocalJWKSet(set), fetchedAt: options.nowMs() };
  };
  const refresh = (): Promise<void> => {
    underWay ??= load()
      .catch((error: unknown) => {
        lastFailure = { error, at: options.nowMs() };
        throw error;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  const timer = setInterval(
    () => {
      refresh().catch(options.onFailure);
    },
    Math.min(Math.max(options.refreshMs, leastRefreshMs), longestTimerMs),
  );
  timer.unref();

  const usable = async () => {
    if (current === undefined || options.nowMs() - current.fetchedAt > usableMs) {
      if (lastFailure !== undefined && options.nowMs() - lastFailure.at < failedPauseMs)
        throw noKeys(lastFailure.error);
      await refresh().catch((error: unknown) => {
        options.onFailure(error);
        throw noKeys(error);
      });
    }
    if (current === undefined) throw noKeys();
    return current;
  };

  return {
    getKey: async (header, token) => {
      const known = await usable();
      try {
        return await known.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (underWay === undefined) {
          if (options.nowMs() - askedForUnknownAt < unknownKidPauseMs) throw error;
          askedForUnknownAt = options.nowMs();
        }
        // Others with the new key wait for the same fetch.
        await refresh().catch(options.onFailure);
        return (await usable()).find(header, token);
      }
    },
    refresh,
    stop: () => clearInterval(timer),
  };
};

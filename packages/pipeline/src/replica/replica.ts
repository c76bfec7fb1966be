import { randomUUID } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import { LRUCache } from 'lru-cache';
import { atMost } from '../at-most.ts';
import type { FollowAnswer, FollowRequest } from './revision-feed.ts';
import { createTurns } from './turns.ts';

/** Cached authority of an owner service: read at no cost, dropped on notice, unusable when it cannot be confirmed. */
export interface Replica<Value extends object> {
  /**
   * The value at once when it is cached, else a promise of it. 503 `service_unavailable` when the lease has run out:
   * rather no decision than one on old data.
   */
  get(key: string): Value | Promise<Value>;
  /** Follows the owner; resolves with the first lease. */
  start(): Promise<void>;
  /** Rejects when there is no live lease. */
  check(): Promise<void>;
  /** Decides nothing any more and gives the lease back, so that no change waits for it; an owner that is away is not waited for. */
  stop(): Promise<void>;
}

export interface ReplicaOptions<Value extends object> {
  readonly name: string;
  readonly fetch: (key: string) => Promise<Value>;
  /** Scopes whose change makes the value of this key old. */
  readonly scopesOf: (key: string) => readonly ScopeId[];
  /** How the names of all those scopes begin; nothing else is heard of. */
  readonly heeds?: string;
  readonly follow: (request: FollowRequest, timeoutMs: number) => Promise<FollowAnswer>;
  /** Values kept at most. */
  readonly max: number;
  /** AUTHORITY_MAX_STALENESS in milliseconds; bounds every lease. */
  readonly maxStalenessMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly now?: () => number;
}

interface Fetch<Value> {
  readonly promise: Promise<Value>;
  /** A notice came while it was under way: the answer may be older than the change. */
  outdated: boolean;
}

const retryPauseMs = 100;
/** So that a cache that was dropped as a whole comes back, as it is used, at a pace the owner can bear. */
const mostFetches = 64;
const quickAnswerMs = 5;
/** An owner that cannot be reached in this time waits for the lease to run out. */
const leaveMs = 1_000;

export const createReplica = <Value extends object>(options: ReplicaOptions<Value>): Replica<Value> => {
  const { heeds = '', now = () => performance.now() } = options;
  const followerId = randomUUID();
  const values = new LRUCache<string, Value>({ ...atMost(options.max), dispose: (_value, key) => forget(key) });
  const fetches = new Map<string, Fetch<Value>>();
  const inTurn = createTurns(mostFetches);
  const keysByScope = new Map<ScopeId, Set<string>>();
  let leaseUntil = Number.NEGATIVE_INFINITY;
  let epoch = '';
  let confirmed = 0n;
  let hasAsked = false;
  let stopped = false;
  let failing = false;

  const remember = (key: string, value: Value): void => {
    values.set(key, value);
    for (const scope of options.scopesOf(key)) {
      const keys = keysByScope.get(scope) ?? new Set();
      keysByScope.set(scope, keys.add(key));
    }
  };

  /** Whatever leaves the cache leaves the index with it, so both stay bounded. */
  const forget = (key: string): void => {
    for (const scope of options.scopesOf(key)) {
      const keys = keysByScope.get(scope);
      keys?.delete(key);
      if (keys?.size === 0) keysByScope.delete(scope);
    }
  };

  const drop = (scope: ScopeId): void => {
    for (const key of keysByScope.get(scope) ?? []) values.delete(key);
    for (const [key, fetch] of fetches) if (options.scopesOf(key).includes(scope)) fetch.outdated = true;
  };

  const dropAll = (): void => {
    values.clear();
    for (const fetch of fetches.values()) fetch.outdated = true;
  };

  const fetchNow = async (key: string): Promise<Value> => {
    // Its turn may have come late.
    requireLease();
    return await options.fetch(key);
  };

  const load = (key: string): Promise<Value> => {
    const underWay = fetches.get(key);
    if (underWay !== undefined && !underWay.outdated) return underWay.promise;
    const fetch: { promise: Promise<Value>; outdated: boolean } = {
      outdated: false,
      promise: inTurn(() => fetchNow(key)).then(
        (value) => {
          if (fetches.get(key) === fetch) fetches.delete(key);
          if (fetch.outdated) return load(key);
          remember(key, value);
          // The lease may have run out on the way, or have been given back.
          requireLease();
          return value;
        },
        (error: unknown) => {
          if (fetches.get(key) === fetch) fetches.delete(key);
          throw error;
        },
      ),
    };
    fetches.set(key, fetch);
    return fetch.promise;
  };

  const apply = (answer: FollowAnswer, sentAt: number): void => {
    if (stopped) return;
    if (answer.epoch !== epoch || answer.reset) dropAll();
    else for (const scope of answer.changedScopes) drop(scope as ScopeId);
    epoch = answer.epoch;
    confirmed = answer.revision;
    leaseUntil = sentAt + Math.min(answer.leaseMs, options.maxStalenessMs);
  };

  const followOnce = async (): Promise<void> => {
    const sentAt = now();
    hasAsked = true;
    apply(await options.follow({ followerId, epoch, confirmed, heeds }, options.maxStalenessMs / 2), sentAt);
  };

  const pause = (): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, retryPauseMs * (0.5 + Math.random())).unref());

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        const [before, startedAt] = [confirmed, now()];
        await followOnce();
        failing = false;
        // An owner that is about to stop answers at once and without news; asking it again at once would never end.
        if (confirmed === before && now() - startedAt < quickAnswerMs) await pause();
      } catch (error) {
        if (stopped) return;
        if (!failing) options.onFailure(error);
        failing = true;
        await pause();
      }
    }
  };

  const requireLease = (): void => {
    if (now() < leaseUntil) return;
    throw new VaultError(
      'service_unavailable',
      `The ${options.name} in use cannot be confirmed at the moment. Try again.`,
      {
        retryAfterSeconds: 1,
      },
    );
  };

  return {
    get: (key) => {
      requireLease();
      return values.get(key) ?? load(key);
    },
    start: async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          await followOnce();
          break;
        } catch (error) {
          if (attempt >= 100 || stopped) throw error;
          await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
        }
      }
      void run();
    },
    check: () => Promise.resolve().then(requireLease),
    stop: async () => {
      if (stopped) return;
      stopped = true;
      leaseUntil = Number.NEGATIVE_INFINITY;
      if (!hasAsked) return;
      await options.follow({ followerId, epoch, confirmed, heeds, leaves: true }, leaveMs).catch(() => {});
    },
  };
};

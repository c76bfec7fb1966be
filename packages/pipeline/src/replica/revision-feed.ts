import { randomUUID } from 'node:crypto';
import type { ScopeId } from '@scaivault/tenancy';

export interface FollowRequest {
  readonly followerId: string;
  readonly epoch: string;
  readonly confirmed: bigint;
}

export interface FollowAnswer {
  readonly epoch: string;
  readonly revision: bigint;
  readonly changedScopes: string[];
  readonly reset: boolean;
  readonly leaseMs: number;
}

/** The owner's side of cached authority: tells followers what changed and knows when all of them have taken it in. */
export interface RevisionFeed {
  /**
   * To be called after the commit of a change; resolves when every follower with a live lease has confirmed it, or its
   * lease has run out. From then on no process decides by what was before.
   */
  publish(scopes: readonly ScopeId[]): Promise<void>;
  /** Confirms, renews the lease and waits for news, at most a fifth of the lease. */
  follow(request: FollowRequest): Promise<FollowAnswer>;
  /** Answers all waiting followers. */
  close(): void;
}

interface Follower {
  confirmed: bigint;
  leaseUntil: number;
}

/** Changes remembered for followers that lag; one that lags further drops everything. */
const rememberedChanges = 10_000;

export const createRevisionFeed = ({
  leaseMs,
  earlierLeaseMs = 0,
  now = () => performance.now(),
}: {
  leaseMs: number;
  /**
   * How long followers may still hold leases that an earlier life of this owner granted; changes wait for their end,
   * because nobody knows those followers. 0 where no follower outlives its owner.
   */
  earlierLeaseMs?: number;
  now?: () => number;
}): RevisionFeed => {
  const earlierLeasesEnd = now() + earlierLeaseMs;
  const epoch = randomUUID();
  const followers = new Map<string, Follower>();
  const changes: { revision: bigint; scope: ScopeId }[] = [];
  let revision = 1n;
  /** Changes up to this revision are not all remembered any more. */
  let forgottenUpTo = 0n;
  let closed = false;
  let wakeAll: (() => void)[] = [];

  const wake = (): void => {
    const waiting = wakeAll;
    wakeAll = [];
    for (const resume of waiting) resume();
  };

  /** Resolves at the next wake or after the time. */
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wakeAll.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });

  const laggards = (wanted: bigint): Follower[] => {
    const live: Follower[] = [];
    for (const [id, follower] of followers) {
      if (follower.leaseUntil <= now()) followers.delete(id);
      else if (follower.confirmed < wanted) live.push(follower);
    }
    return live;
  };

  const answer = (since: bigint): FollowAnswer => {
    const lost = since < forgottenUpTo;
    const changed = lost ? [] : changes.filter((change) => change.revision > since).map(({ scope }) => scope);
    return { epoch, revision, changedScopes: [...new Set(changed)], reset: lost, leaseMs };
  };

  return {
    publish: async (scopes) => {
      revision += 1n;
      const wanted = revision;
      for (const scope of scopes) changes.push({ revision: wanted, scope });
      if (changes.length > rememberedChanges) {
        const dropped = changes.splice(0, changes.length - rememberedChanges);
        forgottenUpTo = dropped.at(-1)?.revision ?? forgottenUpTo;
      }
      wake();
      while (now() < earlierLeasesEnd) await pause(earlierLeasesEnd - now());
      for (let late = laggards(wanted); late.length > 0; late = laggards(wanted)) {
        await pause(Math.max(1, Math.min(...late.map(({ leaseUntil }) => leaseUntil)) - now()));
      }
    },
    follow: async (request) => {
      const known = request.epoch === epoch;
      const follower = { confirmed: known ? request.confirmed : 0n, leaseUntil: now() + leaseMs };
      followers.set(request.followerId, follower);
      wake();
      if (!known) return { epoch, revision, changedScopes: [], reset: true, leaseMs };
      if (revision === request.confirmed && !closed) {
        const until = now() + leaseMs / 5;
        for (let left = leaseMs / 5; revision === request.confirmed && left > 0 && !closed; left = until - now())
          await pause(left);
      }
      return answer(request.confirmed);
    },
    close: () => {
      closed = true;
      wake();
    },
  };
};

import type { Follower, RevisionLog } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import { createBell } from './bell.ts';
import { createCompany } from './company.ts';
import { createConfirmations, type Hearing } from './confirmations.ts';
import { createMemoryRevisionLog } from './memory-revision-log.ts';
import { shareNext } from './share-next.ts';

export interface FollowRequest {
  readonly followerId: string;
  readonly epoch: string;
  readonly confirmed: bigint;
  /** How the names of the scopes begin that it caches something of; '' for all. */
  readonly heeds: string;
  /** It decides nothing any more and gives its lease back; the rest does not matter then. */
  readonly leaves?: boolean;
}

export interface FollowAnswer {
  readonly epoch: string;
  readonly revision: bigint;
  readonly changedScopes: string[];
  readonly reset: boolean;
  readonly leaseMs: number;
}

/**
 * The owner's side of cached authority: tells followers what changed and knows when all of them have taken it in
 * (ADR 0018). Several processes of an owner share one log; any of them may answer any follower.
 */
export interface RevisionFeed {
  /**
   * To be called after the commit of a change; resolves when every follower that heeds it has confirmed it, or the leases
   * of the others have run out. From then on no process decides by what was before. 503 `service_unavailable` when the log is away.
   */
  publish(scopes: readonly ScopeId[]): Promise<void>;
  /**
   * Confirms, renews the lease and waits for news, at most a fifth of the lease. 503 `service_unavailable`. `peer`: the
   * name of the process that follows.
   */
  follow(request: FollowRequest, peer?: string): Promise<FollowAnswer>;
  /** Strikes out followers that are gone, so that no later change waits for them; to be repeated every few leases. */
  sweep(): Promise<void>;
  /**
   * For an owner that is to stop and is still reached: resolves when nobody follows here any more but those named, or
   * after the time. Processes that stop at the same moment can give their leases back in it.
   */
  untilLeft(milliseconds: number, but: readonly string[]): Promise<void>;
  /** Answers all who wait for news, and from now on at once. */
  drain(): void;
  close(): Promise<void>;
}

/** More changed scopes than this at once, and a follower drops everything. */
const mostScopes = 10_000;
/** How long news may take when the log's own has not come through. */
const lookEveryMs = 100;
/** How long a confirmation waits for those of others who were told the same: a change waits for all of them, and each is a commit. */
const patienceMs = 10;

/** What is known of a follower that was renewed here. */
interface Renewed {
  /** When it had asked for it. */
  readonly at: number;
  readonly heeds: string;
  readonly epoch: string;
  readonly confirmed: number;
  readonly peer: string;
}

const noLease: FollowAnswer = { epoch: '', revision: 0n, changedScopes: [], reset: false, leaseMs: 0 };

export const createRevisionFeed = ({
  leaseMs,
  log = createMemoryRevisionLog(),
  now = () => performance.now(),
}: {
  /** AUTHORITY_MAX_STALENESS in milliseconds. */
  leaseMs: number;
  /** In memory when not given, for an owner that stands in for one in tests. */
  log?: RevisionLog;
  /** Milliseconds of a clock that only ever goes forward. */
  now?: () => number;
}): RevisionFeed => {
  const changes = createBell();
  const departures = createBell();
  const confirmations = createConfirmations();
  const listening = log.listen({ change: changes.ring, confirmation: confirmations.tell });
  const seeFollowers = shareNext(log.followers);
  const renewed = new Map<string, Renewed>();
  const company = createCompany(patienceMs);
  let isDraining = false;
  let silent: readonly (Follower & { readonly seenAt: number })[] = [];

  /** Resolves with false when some have not confirmed in time. */
  const allConfirm = async (
    late: readonly Follower[],
    revision: number,
    until: number,
    hearing: Hearing,
  ): Promise<boolean> => {
    let open = late;
    let lookedAt = now();
    for (;;) {
      const isOver = now() >= until;
      const isHeard = await hearing.next(isOver ? 0 : Math.min(lookEveryMs, until - now()));
      open = open.filter(({ id }) => hearing.newest(id) < revision);
      if (open.length > 0 && (!isHeard || now() - lookedAt >= lookEveryMs)) {
        lookedAt = now();
        // While the log cannot be asked the leases run out all the same.
        const seen = await seeFollowers().catch(() => late);
        const behind = new Set(seen.flatMap(({ id, confirmed }) => (confirmed < revision ? [id] : [])));
        open = open.filter(({ id }) => behind.has(id));
      }
      if (open.length === 0) return true;
      if (isOver) return false;
    }
  };

  const letGo = async (id: string): Promise<FollowAnswer> => {
    await log.leave({ id, leaseMs });
    renewed.delete(id);
    departures.ring();
    return noLease;
  };

  const isFollowed = (but: readonly string[]): boolean =>
    [...renewed.values()].some(({ at, peer }) => now() - at < leaseMs && !but.includes(peer));

  const drain = (): void => {
    isDraining = true;
    changes.ring();
  };

  return {
    publish: async (scopes) => {
      await log.note(scopes);
      changes.ring();
      using hearing = confirmations.listen();
      const { revision, late } = await log.findLate();
      if (late.length === 0) return;
      // Whatever is answered to a follower from here on names the change, so only leases asked for before can be a danger.
      const until = now() + Math.max(...late.map((follower) => follower.leaseMs));
      if (await allConfirm(late, revision, until, hearing)) return;
      // Their leases are over; the next change need not wait for them. The sweep comes to those that cannot be reached now.
      await log.forget(late).catch(() => {});
    },

    follow: async ({ followerId, epoch, heeds, leaves = false, ...request }, peer = '') => {
      if (leaves) return await letGo(followerId);
      const askedAt = now();
      const confirmed = Math.min(Number(request.confirmed), Number.MAX_SAFE_INTEGER);
      let heard = changes.count();
      const place = { epoch, confirmed, heeds };
      const before = renewed.get(followerId);
      // Whoever comes back with a confirmation keeps the lease it has, for as long as an idle one would.
      // Whoever waits here for it need not wait until the log has noted it: it is true already.
      if (before?.epoch === epoch) confirmations.tell(new Map([[followerId, confirmed]]));
      const confirms = before?.heeds === heeds && confirmed > before.confirmed;
      const isRenewed = confirms && askedAt - before.at < leaseMs / 5;
      const leaseFrom = isRenewed ? before.at : askedAt;
      const until = leaseFrom + leaseMs / 5;
      const note = isRenewed ? log.confirm : log.renew;
      await company.comeBack(followerId);
      const follower = { ...place, id: followerId, leaseMs };
      // A change waits for the confirmation, and only the lease has to wait for the disk.
      if (confirms && !isRenewed) await log.confirm(follower, mostScopes);
      let news = await note(follower, mostScopes);
      renewed.set(followerId, { at: leaseFrom, heeds, epoch: news.epoch, confirmed, peer });
      while (!news.isReset && news.changedScopes.length === 0 && !isDraining && now() < until) {
        await changes.wait(heard, until - now());
        // Nothing was heard in this time. What was missed comes with the next request, which follows at once.
        if (changes.count() === heard) break;
        heard = changes.count();
        news = await log.newsSince(place, mostScopes);
      }
      const changedScopes = [...news.changedScopes];
      if (changedScopes.length > 0) company.leave(followerId);
      return {
        epoch: news.epoch,
        revision: BigInt(news.revision),
        changedScopes,
        reset: news.isReset,
        leaseMs: Math.floor(leaseMs - (askedAt - leaseFrom)),
      };
    },

    sweep: async () => {
      const over = silent.filter((follower) => now() - follower.seenAt >= follower.leaseMs);
      if (over.length > 0) await log.forget(over);
      const seenAt = now();
      for (const [id, { at }] of renewed) if (seenAt - at >= leaseMs) renewed.delete(id);
      const known = new Map(silent.map((follower) => [follower.renewal, follower.seenAt]));
      silent = (await log.followers()).map((follower) => ({
        ...follower,
        seenAt: known.get(follower.renewal) ?? seenAt,
      }));
    },

    untilLeft: async (milliseconds, but) => {
      const until = now() + milliseconds;
      for (;;) {
        const heard = departures.count();
        if (!isFollowed(but) || now() >= until) return;
        await departures.wait(heard, until - now());
      }
    },

    drain,

    close: () => {
      drain();
      return listening.close();
    },
  };
};

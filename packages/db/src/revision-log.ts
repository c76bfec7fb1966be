import type { Database } from './database.ts';
import type { Listening } from './listen.ts';
import { createReadNews } from './revision-news.ts';
import { createRenewals } from './revision-renewals.ts';

/** Changed scopes a log remembers; a follower that lags further behind drops everything. */
export const keptScopes = 20_000;

/** What a follower that has left counts as having confirmed: whatever will ever change, so that nothing waits for it. */
export const confirmedForGood = Number.MAX_SAFE_INTEGER;

/** A process that caches, with the lease it may hold at most; another `renewal` says that it was heard of again. */
export interface Follower {
  readonly id: string;
  readonly leaseMs: number;
  readonly renewal: string;
  readonly confirmed: number;
}

/** How far somebody is: the last revision that was taken in, and in which epoch. */
export interface Place {
  readonly epoch: string;
  readonly confirmed: number;
  /** How the names of the scopes begin that matter here; '' for all. */
  readonly heeds: string;
}

/** A follower's word of itself, and the lease it asks for. */
export interface Renewal extends Place {
  readonly id: string;
  readonly leaseMs: number;
}

export interface RevisionNews {
  /** Another one than the follower's: its numbers mean nothing here. */
  readonly epoch: string;
  readonly revision: number;
  readonly changedScopes: readonly string[];
  /** What has changed cannot be named any more, or is more than was asked for. */
  readonly isReset: boolean;
}

export interface RevisionListener {
  change(): void;
  /** Who has confirmed which revision, which is true; nobody where it is not known, and something may have been missed. */
  confirmation(confirmed: ReadonlyMap<string, number>): void;
}

/**
 * The numbered changes of an owner of cached authority and the processes that follow it (ADR 0018). Each call sees all
 * that was committed before it began. 503 `service_unavailable` when the storage cannot be reached.
 */
export interface RevisionLog {
  /** Gives a committed change its number, where its own transaction has not done so. */
  note(scopes: readonly string[]): Promise<void>;
  /**
   * Notes a follower, what it has taken in and its lease, and tells what has changed since, a reset for more than `most`
   * scopes. A change that it heeds and that is not among the news finds it late.
   */
  renew(follower: Renewal, most: number): Promise<RevisionNews>;
  /**
   * The same for a follower that was renewed less than a lease ago: notes what it has taken in and neither gives nor takes
   * a lease. It may be forgotten when the storage crashes; the follower then counts as late.
   */
  confirm(follower: Renewal, most: number): Promise<RevisionNews>;
  /**
   * A follower decides nothing any more: it has confirmed all that will ever change, and a renewal that comes late does
   * not bring it back. May be forgotten like a confirmation.
   */
  leave(follower: Pick<Renewal, 'id' | 'leaseMs'>): Promise<void>;
  /** What has changed since, as one consistent view; a reset for more than `most` scopes. */
  newsSince(place: Place, most: number): Promise<RevisionNews>;
  /** The newest revision and, of the same moment, all followers that have not confirmed something they heed. */
  findLate(): Promise<{ readonly revision: number; readonly late: readonly Follower[] }>;
  followers(): Promise<readonly Follower[]>;
  /** Strikes followers out that have not renewed since; to be called when their leases are over. */
  forget(followers: readonly Follower[]): Promise<void>;
  /** Forgets old changes; about the newest `keep` scopes stay, whole revisions only. To be repeated every minute or so. */
  trim(keep?: number): Promise<void>;
  /** Calls back soon after somebody, in whatever process, has changed or confirmed something; may miss some. */
  listen(heard: RevisionListener): Listening;
}

/** `confirmation <id> <revision>` by the line; ids come from processes of ours and may hold spaces. */
const readConfirmations = (payload: string): ReadonlyMap<string, number> => {
  const lines = payload.split('\n').map((line) => /^confirmation (.*) (\d+)$/.exec(line));
  return new Map(lines.flatMap((parts) => (parts === null ? [] : [[parts[1] ?? '', Number(parts[2])] as const])));
};

/**
 * The tables `revision`, `revision_scope` and `follower`, which the schema of each owner of cached authority has. Numbers
 * are taken by triggers inside the transaction of the change, so `note` has nothing left to do.
 */
export const createRevisionLog = ({ sql, listen }: Pick<Database, 'sql' | 'listen'>): RevisionLog => {
  const newsSince = createReadNews(sql);
  return {
    note: () => Promise.resolve(),

    ...createRenewals(sql, newsSince),

    newsSince,

    findLate: async () => {
      const rows = await sql<({ revision: number } & (Follower | { id: null }))[]>`
        select r.number as "revision", f.id, f.lease_ms as "leaseMs", f.renewal::text as "renewal", f.confirmed
        from revision r left join follower f on f.confirmed < r.number and (
          f.heeds = ''
          or f.confirmed + 1 < coalesce((select min(number) from revision_scope), r.number + 1)
          or exists (select from revision_scope s where s.number > f.confirmed and starts_with(s.scope, f.heeds))
        )`;
      const late = rows.flatMap(({ revision: _, ...follower }) => (follower.id === null ? [] : [follower]));
      return { revision: rows[0]?.revision ?? 0, late };
    },

    followers: () => sql<Follower[]>`
      select id, lease_ms as "leaseMs", renewal::text as "renewal", confirmed from follower`,

    forget: async (followers) => {
      await sql`
        delete from follower f
        using unnest(${followers.map(({ id }) => id)}::text[], ${followers.map(({ renewal }) => renewal)}::text[])
          as silent (id, renewal)
        where f.id = silent.id and f.renewal::text = silent.renewal`;
    },

    trim: async (keep = keptScopes) => {
      await sql`
        delete from revision_scope
        where number < (select number from revision_scope order by number desc offset ${keep}::int8 limit 1)`;
    },

    listen: (heard) =>
      listen('news', (payload) => {
        const confirmed = readConfirmations(payload);
        if (confirmed.size === 0) heard.change();
        if (payload !== 'change') heard.confirmation(confirmed);
      }),
  };
};

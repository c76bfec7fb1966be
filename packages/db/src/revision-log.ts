import type { Database } from './database.ts';
import { createGroupReads } from './group-reads.ts';
import type { Listening } from './listen.ts';

/** Changed scopes a log remembers; a follower that lags further behind drops everything. */
export const keptScopes = 20_000;

/** A process that caches, with the lease it may hold at most; another `renewal` says that it was heard of again. */
export interface Follower {
  readonly id: string;
  readonly leaseMs: number;
  readonly renewal: string;
  readonly confirmed: number;
}

export interface RevisionNews {
  /** Another one than the follower's: its numbers mean nothing here. */
  readonly epoch: string;
  readonly revision: number;
  readonly changedScopes: readonly string[];
  /** What has changed cannot be named any more, or is more than was asked for. */
  readonly isReset: boolean;
}

/**
 * The numbered changes of an owner of cached authority and the processes that follow it (ADR 0018). Each call sees all
 * that was committed before it began. 503 `service_unavailable` when the storage cannot be reached.
 */
export interface RevisionLog {
  /** Gives a committed change its number, where its own transaction has not done so. */
  note(scopes: readonly string[]): Promise<void>;
  /** Notes a follower, what it has taken in and its lease; must be done before the news for it are read. */
  renew(follower: { id: string; epoch: string; confirmed: number; leaseMs: number }): Promise<void>;
  /** What has changed since, as one consistent view; a reset for more than `most` scopes. */
  newsSince(epoch: string, confirmed: number, most: number): Promise<RevisionNews>;
  /** The newest revision and, of the same moment, all followers that have not confirmed it. */
  findLate(): Promise<{ readonly revision: number; readonly late: readonly Follower[] }>;
  followers(): Promise<readonly Follower[]>;
  /** Strikes followers out that have not renewed since; to be called when their leases are over. */
  forget(followers: readonly Follower[]): Promise<void>;
  /** Forgets old changes; about the newest `keep` scopes stay, whole revisions only. To be repeated every minute or so. */
  trim(keep?: number): Promise<void>;
  /** Calls back soon after somebody, in whatever process, has changed or confirmed something; may miss some. */
  listen(heard: (news: 'change' | 'confirmation') => void): Listening;
}

type Renewal = Parameters<RevisionLog['renew']>[0];

/**
 * Renewals of one turn are one commit: each change is confirmed by all followers at once, and a commit that notifies waits
 * for every other that does. The longest lease counts: one of an owner with other settings may still be held.
 */
const renewAll =
  ({ sql }: Pick<Database, 'sql'>) =>
  async (renewals: readonly Renewal[]): Promise<void> => {
    // Of two calls of one follower the later one knows more; one that was overtaken was answered to nobody.
    const latest = [...new Map(renewals.map((renewal) => [renewal.id, renewal])).values()];
    await sql`
      with told as (
        select * from unnest(
          ${latest.map(({ id }) => id)}::text[], ${latest.map(({ epoch }) => epoch)}::text[],
          ${latest.map(({ confirmed }) => String(confirmed))}::int8[], ${latest.map(({ leaseMs }) => String(leaseMs))}::int4[]
        ) as t (id, epoch, confirmed, lease_ms)
      ), before as (
        select f.id, f.confirmed from follower f join told t on t.id = f.id
      ), renewed as (
        insert into follower as f (id, confirmed, lease_ms)
        select t.id, case when r.epoch::text = t.epoch and r.number >= t.confirmed then t.confirmed else 0 end, t.lease_ms
        from told t cross join revision r
        order by t.id
        on conflict (id) do update set confirmed = excluded.confirmed, renewal = excluded.renewal,
          lease_ms = greatest(f.lease_ms, excluded.lease_ms)
        returning id, confirmed
      )
      select pg_notify(current_schema() || '_news', 'confirmation')
      from before join renewed on renewed.id = before.id
      where renewed.confirmed > before.confirmed
      limit 1`;
  };

const renewTogether = (db: Pick<Database, 'sql'>): RevisionLog['renew'] => {
  const renew = renewAll(db);
  let calls = 0;
  const together = createGroupReads<Renewal & { readonly call: number }, true>({
    read: async (_group, renewals) => {
      await renew(renewals);
      return renewals.map(() => true);
    },
    nameOf: ({ call }) => String(call),
    mostAtOnce: 1,
  });
  return async (renewal) => {
    calls += 1;
    await together('', { ...renewal, call: calls });
  };
};

const readNews =
  ({ sql }: Pick<Database, 'sql'>) =>
  async (epoch: string, confirmed: number, most: number): Promise<RevisionNews> => {
    const [row] = await sql<{ epoch: string; revision: number; oldest: number; scopes: string[] }[]>`
      select r.epoch::text as "epoch", r.number as "revision",
        coalesce((select min(number) from revision_scope), r.number + 1) as "oldest",
        array(
          select scope from revision_scope where number > ${confirmed}::int8 order by number limit ${most + 1}::int4
        ) as "scopes"
      from revision r`;
    if (row === undefined) throw new Error('The table "revision" has lost its row.');
    const { revision, oldest, scopes } = row;
    const isKnown = row.epoch === epoch && confirmed <= revision && confirmed + 1 >= oldest;
    const isReset = !isKnown || scopes.length > most;
    return { epoch: row.epoch, revision, isReset, changedScopes: isReset ? [] : [...new Set(scopes)] };
  };

/** Followers that are as far as each other ask the same; `most` is part of the question. */
const shareNews = (db: Pick<Database, 'sql'>): RevisionLog['newsSince'] => {
  const read = readNews(db);
  const together = createGroupReads<{ confirmed: number; most: number }, RevisionNews>({
    read: (epoch, asked) => Promise.all(asked.map(({ confirmed, most }) => read(epoch, confirmed, most))),
    nameOf: ({ confirmed, most }) => `${confirmed} ${most}`,
  });
  return async (epoch, confirmed, most) => {
    const news = await together(epoch, { confirmed, most });
    if (news === undefined) throw new Error('The news were not read.');
    return news;
  };
};

/**
 * The tables `revision`, `revision_scope` and `follower`, which the schema of each owner of cached authority has. Numbers
 * are taken by triggers inside the transaction of the change, so `note` has nothing left to do.
 */
export const createRevisionLog = ({ sql, listen }: Pick<Database, 'sql' | 'listen'>): RevisionLog => ({
  note: () => Promise.resolve(),

  renew: renewTogether({ sql }),

  newsSince: shareNews({ sql }),

  findLate: async () => {
    const rows = await sql<({ revision: number } & (Follower | { id: null }))[]>`
      select r.number as "revision", f.id, f.lease_ms as "leaseMs", f.renewal::text as "renewal", f.confirmed
      from revision r left join follower f on f.confirmed < r.number`;
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
      if (payload !== 'confirmation') heard('change');
      if (payload !== 'change') heard('confirmation');
    }),
});

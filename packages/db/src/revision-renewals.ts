import { createGroupReads } from './group-reads.ts';
import { confirmedForGood, type Renewal, type RevisionLog, type RevisionNews } from './revision-log.ts';
import { type NewsRow, newsOf } from './revision-news.ts';
import type { Sql } from './sql-tag.ts';

interface Asked extends Renewal {
  readonly most: number;
}

const columnsOf = (renewals: readonly Asked[]) => ({
  ids: renewals.map(({ id }) => id),
  epochs: renewals.map(({ epoch }) => epoch),
  confirmed: renewals.map((renewal) => String(renewal.confirmed)),
  heeds: renewals.map(({ heeds }) => heeds),
  leases: renewals.map(({ leaseMs }) => String(leaseMs)),
});

/** What is noted of those who call: that they have their leases anew, or only what they have taken in. */
type Noting = 'renewal' | 'confirmation';

/**
 * Renews the followers that the log knows, and tells each what it has missed; the others are left out. One statement does
 * both, though its news are as old as its beginning: whoever has a row is found late by a change that commits after that,
 * and the request that this answers was sent before it, so the change outwaits the lease. A mere confirmation gives no lease,
 * so its commit need not wait for the disk: a server that crashes and forgets it knows less than is true.
 */
const noteKnown =
  (sql: Sql) =>
  async (noting: Noting, renewals: readonly Asked[]): Promise<ReadonlyMap<string, NewsRow>> => {
    const { ids, epochs, confirmed, heeds, leases } = columnsOf(renewals);
    const most = Math.max(...renewals.map((renewal) => renewal.most));
    const rows = await sql<(NewsRow & { id: string })[]>`
      with told as (
        select * from unnest(
          ${ids}::text[], ${epochs}::text[], ${confirmed}::int8[], ${heeds}::text[], ${leases}::int4[]
        ) as t (id, epoch, confirmed, heeds, lease_ms)
      ), held as (
        select f.id, f.heeds, f.confirmed as "before", t.confirmed as "told", r.epoch::text = t.epoch as "isSameEpoch",
          case when r.epoch::text = t.epoch and r.number >= t.confirmed then t.confirmed else 0 end as "confirmed"
        from follower f join told t on t.id = f.id cross join revision r
        where f.lease_ms >= t.lease_ms and f.heeds = t.heeds and f.confirmed < ${confirmedForGood}::int8
        order by f.id
        for no key update of f
      ), renewed as (
        update follower f
        set confirmed = h.confirmed, renewal = ${noting === 'renewal' ? sql`gen_random_uuid()` : sql`f.renewal`}
        from held h where f.id = h.id
        returning h.*
      ), rung as (
        select pg_notify(current_schema() || '_news', string_agg('confirmation ' || id || ' ' || confirmed, chr(10)))
          ${noting === 'renewal' ? sql`` : sql`, set_config('synchronous_commit', 'off', true)`}
        from renewed where confirmed > "before" having count(*) > 0
      )
      select renewed.id, r.epoch::text as "epoch", r.number as "revision",
        coalesce((select min(number) from revision_scope), r.number + 1) as "oldest",
        array(
          select scope from revision_scope
          where renewed."isSameEpoch" and number > renewed."told" and starts_with(scope, renewed.heeds)
          order by number limit ${most + 1}::int4
        ) as "scopes"
      from renewed cross join revision r left join rung on true`;
    return new Map(rows.map((row) => [row.id, row]));
  };

/** Notes followers that are new, get a longer lease than before, or heed other things; only news that are read when this has resolved count. */
const enlist = async (sql: Sql, renewals: readonly Asked[]): Promise<void> => {
  const { ids, epochs, confirmed, heeds, leases } = columnsOf(renewals);
  await sql`
    insert into follower as f (id, confirmed, heeds, lease_ms)
    select t.id, case when r.epoch::text = t.epoch and r.number >= t.confirmed then t.confirmed else 0 end, t.heeds,
      t.lease_ms
    from unnest(${ids}::text[], ${epochs}::text[], ${confirmed}::int8[], ${heeds}::text[], ${leases}::int4[])
      as t (id, epoch, confirmed, heeds, lease_ms)
    cross join revision r
    order by t.id
    on conflict (id) do update set confirmed = excluded.confirmed, renewal = excluded.renewal,
      heeds = excluded.heeds, lease_ms = greatest(f.lease_ms, excluded.lease_ms)
    where f.confirmed < ${confirmedForGood}::int8`;
};

/** The row stays until it is swept, as the mark of one that has left. Its commit need not wait for the disk either. */
const leaveFor =
  (sql: Sql): RevisionLog['leave'] =>
  async ({ id, leaseMs }) => {
    await sql`
      with gone as (
        insert into follower as f (id, confirmed, lease_ms) values (${id}, ${confirmedForGood}::int8, ${leaseMs}::int4)
        on conflict (id) do update set confirmed = excluded.confirmed, renewal = excluded.renewal
        returning f.id, f.confirmed
      )
      select set_config('synchronous_commit', 'off', true),
        pg_notify(current_schema() || '_news', 'confirmation ' || id || ' ' || confirmed)
      from gone`;
  };

/**
 * Renewals of one turn are one commit, and so are confirmations, and what they confirm is one notification: each change is
 * confirmed by all followers at once, and a commit that notifies waits for every other that does. The longest lease counts:
 * one of an owner with other settings may still be held.
 */
export const createRenewals = (
  sql: Sql,
  readNews: RevisionLog['newsSince'],
): Pick<RevisionLog, 'renew' | 'confirm' | 'leave'> => {
  const note = noteKnown(sql);
  const noteAll = async (noting: Noting, asked: readonly Asked[]): Promise<readonly RevisionNews[]> => {
    // Of two calls of one follower the later one knows more; one that was overtaken confirms nothing.
    const latest = [...new Map(asked.map((renewal) => [renewal.id, renewal])).values()];
    const known = await note(noting, latest);
    const others = noting === 'renewal' ? latest.filter(({ id }) => !known.has(id)) : [];
    if (others.length > 0) await enlist(sql, others);
    const newsFor = async (one: Asked): Promise<RevisionNews> => {
      const row = latest.includes(one) ? known.get(one.id) : undefined;
      return row === undefined ? await readNews(one, one.most) : newsOf(row, one, one.most);
    };
    return await Promise.all(asked.map(newsFor));
  };
  let calls = 0;
  const together = createGroupReads<Asked & { readonly call: number }, RevisionNews>({
    read: (noting, asked) => noteAll(noting as Noting, asked),
    nameOf: ({ call }) => String(call),
    // A notification holds less than 8,000 bytes, and a line of it up to a hundred (ids have 64 characters at most).
    mostKeys: 64,
    mostAtOnce: 1,
  });
  const noteAs =
    (noting: Noting): RevisionLog['renew'] =>
    async (renewal, most) => {
      calls += 1;
      const news = await together(noting, { ...renewal, most, call: calls });
      if (news === undefined) throw new Error('The follower was not noted.');
      return news;
    };
  return { renew: noteAs('renewal'), confirm: noteAs('confirmation'), leave: leaveFor(sql) };
};

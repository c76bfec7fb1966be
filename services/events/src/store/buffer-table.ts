import { createGroupReads, type Database, type Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { Match } from '../domain/match-listeners.ts';
import type {
  BufferedEvent,
  BufferSlice,
  BufferStore,
  PollNews,
  SliceRequest,
  Waiting,
} from '../ports/subscriptions.ts';
import { tellPolls } from './poll-notices.ts';

interface BufferState {
  readonly id: string;
  readonly size: number;
  readonly newest: number;
  readonly waiting: number;
}

/** What a batch of events makes of one buffer. */
interface Addition extends BufferState {
  /** The new events that it has room for. */
  readonly eventIds: readonly string[];
  /** Events that give way, the oldest of those that waited before. */
  readonly leaving: number;
  readonly dropped: number;
}

const additionTo = (state: BufferState, eventIds: readonly string[]): Addition => {
  const kept = eventIds.slice(-state.size);
  const leaving = Math.max(0, state.waiting + kept.length - state.size);
  return { ...state, eventIds: kept, leaving, dropped: leaving + eventIds.length - kept.length };
};

/** Holds the buffers in the order of their ids, so that two batches never wait for each other. */
const hold = async (tx: Tx, scopeId: ScopeId, ids: readonly string[]): Promise<readonly BufferState[]> =>
  await tx<BufferState[]>`
  select subscription_id as "id", size, newest, waiting from buffer
  where scope_id = ${scopeId} and subscription_id = any(${ids}::text[])
  order by subscription_id for update`;

const dropOldest = async (tx: Tx, scopeId: ScopeId, buffers: readonly { id: string; leaving: number }[]) => {
  const full = buffers.filter(({ leaving }) => leaving > 0);
  if (full.length === 0) return;
  await tx`
    delete from buffered_event b
    using unnest(${full.map(({ id }) => id)}::text[], ${full.map(({ leaving }) => leaving)}::int4[]) as f (id, leaving),
      lateral (
        select place from buffered_event
        where scope_id = ${scopeId} and subscription_id = f.id order by place limit f.leaving
      ) as oldest
    where b.scope_id = ${scopeId} and b.subscription_id = f.id and b.place = oldest.place`;
};

const insert = async (tx: Tx, scopeId: ScopeId, additions: readonly Addition[]): Promise<void> => {
  const rows = additions.flatMap(({ id, newest, eventIds }) =>
    eventIds.map((eventId, index) => ({ id, place: newest + 1 + index, eventId })),
  );
  await tx`
    insert into buffered_event (scope_id, subscription_id, place, event_id)
    select ${scopeId}, r.id, r.place, r.event_id
    from unnest(
      ${rows.map(({ id }) => id)}::text[], ${rows.map(({ place }) => place)}::int8[],
      ${rows.map(({ eventId }) => eventId)}::text[]
    ) as r (id, place, event_id)`;
};

const settle = async (tx: Tx, scopeId: ScopeId, additions: readonly Addition[]): Promise<void> => {
  const column = (of: (addition: Addition) => number) => additions.map(of);
  await tx`
    update buffer b
    set newest = b.newest + a.added, waiting = b.waiting + a.added - a.leaving, dropped = b.dropped + a.dropped
    from unnest(
      ${additions.map(({ id }) => id)}::text[], ${column(({ eventIds }) => eventIds.length)}::int4[],
      ${column(({ leaving }) => leaving)}::int4[], ${column(({ dropped }) => dropped)}::int4[]
    ) as a (id, added, leaving, dropped)
    where b.scope_id = ${scopeId} and b.subscription_id = a.id`;
};

const add = async (tx: Tx, scopeId: ScopeId, matches: readonly Match[]): Promise<void> => {
  const eventsOf = Map.groupBy(matches, ({ listener }) => listener.id);
  const held = await hold(tx, scopeId, [...eventsOf.keys()]);
  if (held.length === 0) return;
  const additions = held.map((state) =>
    additionTo(
      state,
      (eventsOf.get(state.id) ?? []).map(({ event }) => event.id),
    ),
  );
  await dropOldest(tx, scopeId, additions);
  await insert(tx, scopeId, additions);
  await settle(tx, scopeId, additions);
  await tellPolls(
    tx,
    held.map(({ id }) => id),
  );
};

/** Makes room in a buffer whose size has changed. */
export const resizeBuffer = async (tx: Tx, scopeId: ScopeId, id: string, size: number): Promise<void> => {
  const [state] = await hold(tx, scopeId, [id]);
  if (state === undefined || state.size === size) return;
  const { leaving } = additionTo({ ...state, size }, []);
  await dropOldest(tx, scopeId, [{ id, leaving }]);
  await tx`
    update buffer set size = ${size}, waiting = waiting - ${leaving}::int4, dropped = dropped + ${leaving}::int4
    where scope_id = ${scopeId} and subscription_id = ${id}`;
};

interface SliceRow extends BufferedEvent {
  readonly number: number;
  readonly newest: number;
  readonly dropped: number;
  readonly droppedTold: number;
}

type SliceEntry = Pick<SliceRow, 'number' | 'newest' | 'dropped' | 'droppedTold'> & Partial<BufferedEvent>;

const isEvent = (row: SliceEntry): row is SliceRow => row.id !== undefined && row.id !== null;

const readSlices = async (
  tx: Tx,
  scopeId: ScopeId,
  requests: readonly SliceRequest[],
): Promise<readonly (BufferSlice | undefined)[]> => {
  const rows = await tx<SliceEntry[]>`
    select k.number, b.newest, b.dropped, b.dropped_told as "droppedTold", e.place, e.id, e.type, e.path, e.body
    from unnest(
      ${requests.map(({ id }) => id)}::text[], ${requests.map(({ after }) => after)}::int8[],
      ${requests.map(({ since }) => since)}::text[], ${requests.map(({ most }) => most)}::int4[]
    ) with ordinality as k (id, after, since, most, number)
    join buffer b on b.scope_id = ${scopeId} and b.subscription_id = k.id
    left join lateral (
      select w.place from buffered_event w
      where k.since <> '' and w.scope_id = ${scopeId} and w.subscription_id = k.id and w.event_id = k.since
      union all
      select b.acknowledged_place where b.acknowledged_id = k.since
      limit 1
    ) as known on true
    left join lateral (
      select w.place, e.id, e.event_type as type, e.path, e.body
      from buffered_event w join event e on e.scope_id = w.scope_id and e.id = w.event_id
      where w.scope_id = ${scopeId} and w.subscription_id = k.id
        and w.place > greatest(k.after, known.place)
        and (known.place is not null or w.event_id > k.since collate "C") and w.buffered_at > now() - interval '7 days'
      order by w.place limit k.most
    ) as e on true
    order by k.number, e.place`;
  const slices = Map.groupBy(rows, ({ number }) => number);
  return requests.map((_, index) => {
    const entries = slices.get(index + 1);
    const [first] = entries ?? [];
    if (entries === undefined || first === undefined) return undefined;
    const { newest, dropped, droppedTold } = first;
    return { events: entries.filter(isEvent), newest, dropped, droppedTold };
  });
};

/** A number for each of these polls, several of one subscription included, and the notice of it to all processes. */
const beginPolls = async (
  tx: Tx,
  scopeId: ScopeId,
  polls: readonly { readonly id: string }[],
): Promise<readonly (number | undefined)[]> => {
  const pollsOf = Map.groupBy(polls, ({ id }) => id);
  const counts = [...pollsOf].map(([id, { length }]) => ({ id, length }));
  await hold(tx, scopeId, [...pollsOf.keys()]);
  const begun = await tx<{ id: string; newest: number }[]>`
    with begun as (
      update buffer b set poll_number = b.poll_number + c.polls
      from unnest(${counts.map(({ id }) => id)}::text[], ${counts.map(({ length }) => length)}::int4[]) as c (id, polls)
      where b.scope_id = ${scopeId} and b.subscription_id = c.id
      returning b.subscription_id, b.poll_number
    )
    select subscription_id as "id", poll_number as "newest",
      pg_notify('events_polls', 'poll ' || subscription_id || ' ' || poll_number)
    from begun`;
  const numbers = new Map<object, number>();
  for (const { id, newest } of begun)
    for (const [index, poll] of (pollsOf.get(id) ?? []).toReversed().entries()) numbers.set(poll, newest - index);
  return polls.map((poll) => numbers.get(poll));
};

/** The tables `buffer` and `buffered_event`. */
export const createBufferTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): BufferStore => {
  const readTogether = createGroupReads<SliceRequest, BufferSlice>({
    nameOf: (request) => JSON.stringify(request),
    read: (scopeId, requests) => withScope(scopeId as ScopeId, (tx) => readSlices(tx, scopeId as ScopeId, requests)),
  });
  let polls = 0;
  const beginTogether = createGroupReads<{ readonly id: string; readonly poll: number }, number>({
    // Two polls of one subscription are two, even in one turn.
    nameOf: ({ poll }) => String(poll),
    read: (scopeId, begun) => withScope(scopeId as ScopeId, (tx) => beginPolls(tx, scopeId as ScopeId, begun)),
  });

  return {
    add,

    read: readTogether,

    beginPoll: (scopeId, id) => {
      polls += 1;
      return beginTogether(scopeId, { id, poll: polls });
    },

    noteTold: (scopeId, id, dropped) =>
      withScope(scopeId, async (tx) => {
        await tx`
          update buffer set dropped_told = greatest(dropped_told, least(dropped, ${dropped}::int4))
          where scope_id = ${scopeId} and subscription_id = ${id}`;
      }),

    acknowledge: (scopeId, id, eventIds) =>
      withScope(scopeId, async (tx) => {
        await hold(tx, scopeId, [id]);
        const gone = await tx<{ place: number; eventId: string }[]>`
          delete from buffered_event
          where scope_id = ${scopeId} and subscription_id = ${id} and event_id = any(${eventIds}::text[])
          returning place, event_id as "eventId"`;
        const last = gone.toSorted((a, b) => a.place - b.place).at(-1);
        await tx`
          update buffer
          set waiting = waiting - ${gone.length}::int4, dropped = dropped - dropped_told, dropped_told = 0,
            acknowledged_id = coalesce(${last?.eventId ?? null}, acknowledged_id),
            acknowledged_place = coalesce(${last?.place ?? null}::int8, acknowledged_place)
          where scope_id = ${scopeId} and subscription_id = ${id}`;
        return gone.length;
      }),

    findNews: async (waits: readonly Waiting[]) =>
      await sql<PollNews[]>`
        select subscription_id as "id", newest, poll_number as "number"
        from find_poll_news(
          ${waits.map(({ scopeId }) => scopeId)}::text[], ${waits.map(({ id }) => id)}::text[],
          ${waits.map(({ place }) => place)}::int8[], ${waits.map(({ number }) => number)}::int8[]
        )`,

    expire: async (most) => {
      const [row] = await sql<{ buffers: number }[]>`select expire_buffered_events(${most}::int4) as "buffers"`;
      return row?.buffers ?? 0;
    },
  };
};

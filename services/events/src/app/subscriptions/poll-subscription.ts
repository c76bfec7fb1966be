import { type Caller, isTenantAdmin } from '@scaivault/pipeline';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import type { Reader } from '../../domain/subscriptions/may-see.ts';
import { subscriptionNotFound } from '../../domain/subscriptions/refusals.ts';
import type { BufferedEvent, BufferStore } from '../../ports/subscriptions.ts';
import type { CollectEvents, Collected } from './collect-events.ts';
import type { FindSubscriptions } from './find-subscription.ts';
import type { Seat, WaitingRoom } from './waiting-room.ts';

export interface PollRequest {
  readonly id: string;
  /** Undefined: from the oldest event on. */
  readonly sinceEventId: string | undefined;
  readonly mostEvents: number;
  /** How long an answer may be waited for; 0: not at all. */
  readonly waitMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  /** The caller as of now, after a wait. */
  readonly renewCaller: () => Promise<Caller>;
}

export interface PollAnswer {
  readonly events: readonly BufferedEvent[];
  readonly hasMore: boolean;
  readonly dropped: number;
}

const readerOf = (caller: Caller): Reader => ({
  judge: caller.judge,
  isTenantAdmin: isTenantAdmin(caller),
  seesPathless: caller.token.allowedPaths === null,
});

const answerOf = ({ events, hasMore, dropped }: Collected): PollAnswer => ({ events, hasMore, dropped });

/**
 * Hands out what the caller may see, or waits for it. Each event is judged when it is handed out, after a wait by what is in
 * force then (rest-api-core 10). Empty when the time is over, when a newer poll came, and when the process stops.
 */
export const createPollSubscription = ({
  find,
  buffers,
  collect,
  room,
}: {
  readonly find: Pick<FindSubscriptions, 'polled'>;
  readonly buffers: Pick<BufferStore, 'beginPoll' | 'noteTold'>;
  readonly collect: CollectEvents;
  readonly room: Pick<WaitingRoom<ScopeId>, 'take'>;
}) => {
  const watch = async (caller: Caller, scope: ScopeId, request: PollRequest, seat: Seat): Promise<Collected> => {
    const { id, mostEvents: most } = request;
    const number = await buffers.beginPoll(scope, id);
    if (number === undefined) throw subscriptionNotFound();
    seat.begin(number);
    let { after, since } = { after: 0, since: request.sinceEventId ?? '' };
    let reader = readerOf(caller);
    for (;;) {
      const found = await collect(reader, scope, { id, after, since, most });
      if (found === undefined) throw subscriptionNotFound();
      if (found.events.length > 0 || (await seat.next(found.place)) === 'over') return found;
      // By now everything known was looked at, so only places count.
      ({ place: after } = found);
      since = '';
      reader = readerOf(await request.renewCaller());
    }
  };

  return async (caller: Caller, request: PollRequest): Promise<PollAnswer> => {
    const { id, waitMs, signal } = request;
    await find.polled(caller, id);
    const scope = scopeId(caller.scope);
    const seat = room.take({ scopeId: scope, id, waitMs, signal });
    try {
      const found = await watch(caller, scope, request, seat);
      if (found.dropped > found.droppedTold) await buffers.noteTold(scope, id, found.dropped);
      return answerOf(found);
    } finally {
      seat.leave();
    }
  };
};

/** What a poll that waits is told: to look again, or that nobody waits for it any more. */
export type Word = 'news' | 'over';

/** A poll's place in the room. */
export interface Seat {
  /** The poll has got its number: earlier ones end, and so does this one if a later one was heard of meanwhile. */
  begin(number: number): void;
  /** Waits for something newer than this place; at once when it came since the last look. */
  next(place: number): Promise<Word>;
  /** Gives up the seat; to be called in any case. */
  leave(): void;
}

/** A poll that waits now, for whoever looks after those that missed their notice. */
export interface Sitting<Scope> {
  readonly scopeId: Scope;
  readonly id: string;
  readonly place: number;
  readonly number: number;
}

export interface WaitingRoom<Scope> {
  /** Takes a seat, before anything is read, so that nothing comes unnoticed; over after `waitMs` or with the signal. */
  take(poll: {
    readonly scopeId: Scope;
    readonly id: string;
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Seat;
  /** Something came for this subscription, or it is gone. */
  wake(id: string): void;
  /** This is the newest poll of this subscription; all earlier ones are over. */
  supersede(id: string, number: number): void;
  waiting(): readonly Sitting<Scope>[];
  /** All waits are over, those that begin later too. */
  close(): void;
}

interface OpenSeat<Scope> extends Seat {
  readonly scopeId: Scope;
  readonly id: string;
  readonly place: number;
  readonly number: number | undefined;
  readonly isWaiting: boolean;
  wake(): void;
  hearOf(number: number): void;
  end(): void;
}

/**
 * Where polls wait: a promise and a timer for each, and neither a connection nor a query. Whoever hears that something came
 * wakes them by the id of their subscription.
 */
export const createWaitingRoom = <Scope>(): WaitingRoom<Scope> => {
  const seats = new Map<string, Set<OpenSeat<Scope>>>();
  let isClosed = false;

  const seatsOf = (id: string): Iterable<OpenSeat<Scope>> => [...(seats.get(id) ?? [])];

  const open = (
    { scopeId, id, waitMs, signal }: Parameters<WaitingRoom<Scope>['take']>[0],
    onLeave: (seat: OpenSeat<Scope>) => void,
    onBegin: (number: number) => void,
  ): OpenSeat<Scope> => {
    let isOver = isClosed || signal.aborted || waitMs <= 0;
    let hasNews = false;
    let newestPoll = 0;
    let number: number | undefined;
    let place = 0;
    let tell: ((word: Word) => void) | undefined;
    const say = (word: Word): void => {
      tell?.(word);
      tell = undefined;
    };
    const end = (): void => {
      isOver = true;
      say('over');
    };
    const timer = isOver ? undefined : setTimeout(end, waitMs);
    if (!isOver) signal.addEventListener('abort', end, { once: true });

    const seat: OpenSeat<Scope> = {
      scopeId,
      id,
      get place() {
        return place;
      },
      get number() {
        return number;
      },
      get isWaiting() {
        return tell !== undefined;
      },
      begin: (given) => {
        number = given;
        onBegin(given);
        if (newestPoll > given) end();
      },
      next: (from) => {
        place = from;
        if (isOver) return Promise.resolve('over');
        if (hasNews) {
          hasNews = false;
          return Promise.resolve('news');
        }
        return new Promise((resolve) => {
          tell = resolve;
        });
      },
      leave: () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        onLeave(seat);
      },
      wake: () => {
        hasNews = tell === undefined;
        say('news');
      },
      hearOf: (other) => {
        newestPoll = Math.max(newestPoll, other);
        if (number !== undefined && newestPoll > number) end();
      },
      end,
    };
    return seat;
  };

  const supersede = (id: string, number: number): void => {
    for (const seat of seatsOf(id)) seat.hearOf(number);
  };

  return {
    take: (poll) => {
      const { id } = poll;
      const onLeave = (seat: OpenSeat<Scope>): void => {
        const here = seats.get(id);
        here?.delete(seat);
        if (here?.size === 0) seats.delete(id);
      };
      const onBegin = (number: number): void => {
        for (const other of seatsOf(id)) {
          other.hearOf(number);
          seat.hearOf(other.number ?? 0);
        }
      };
      const seat = open(poll, onLeave, onBegin);
      const here = seats.get(id) ?? new Set();
      seats.set(id, here.add(seat));
      return seat;
    },
    wake: (id) => {
      for (const seat of seatsOf(id)) seat.wake();
    },
    supersede,
    waiting: () =>
      [...seats.values()].flatMap((here) =>
        [...here].flatMap(({ isWaiting, scopeId, id, place, number }) =>
          isWaiting && number !== undefined ? [{ scopeId, id, place, number }] : [],
        ),
      ),
    close: () => {
      isClosed = true;
      for (const id of [...seats.keys()]) for (const seat of seatsOf(id)) seat.end();
    },
  };
};

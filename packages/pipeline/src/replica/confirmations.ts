/** What is heard of confirmations from a moment on, by somebody who waits for some of them. */
export interface Hearing extends Disposable {
  /** The newest revision that a follower is heard to have confirmed; 0 when nothing was heard of it. */
  newest(followerId: string): number;
  /** Resolves with true when something has been heard since the last call, with false when it is time to look. */
  next(milliseconds: number): Promise<boolean>;
}

export interface Confirmations {
  /** Whoever listens hears of these; an empty map says that there is something to be looked up. */
  tell(confirmed: ReadonlyMap<string, number>): void;
  listen(): Hearing;
}

interface Listener {
  readonly heard: Map<string, number>;
  news: 'none' | 'heard' | 'look';
  wake: () => void;
}

/** Hands what one process hears of confirmations to all in it who wait. */
export const createConfirmations = (): Confirmations => {
  const listeners = new Set<Listener>();
  return {
    tell: (confirmed) => {
      for (const listener of listeners) {
        for (const [id, revision] of confirmed) listener.heard.set(id, Math.max(revision, listener.heard.get(id) ?? 0));
        if (confirmed.size === 0) listener.news = 'look';
        else if (listener.news === 'none') listener.news = 'heard';
        listener.wake();
      }
    },
    listen: () => {
      const listener: Listener = { heard: new Map(), news: 'none', wake: () => {} };
      listeners.add(listener);
      return {
        newest: (followerId) => listener.heard.get(followerId) ?? 0,
        next: async (milliseconds) => {
          if (listener.news === 'none' && milliseconds > 0) {
            const woken = Promise.withResolvers<void>();
            const timer = setTimeout(woken.resolve, milliseconds);
            listener.wake = woken.resolve;
            await woken.promise;
            clearTimeout(timer);
          }
          const isHeard = listener.news === 'heard';
          listener.news = 'none';
          return isHeard;
        },
        [Symbol.dispose]: () => void listeners.delete(listener),
      };
    },
  };
};

import type { Database, Tx } from '@scaivault/db';

/** A payload of NOTIFY holds less than 8000 bytes; an id has 30. */
const idsInNotice = 200;

/** Tells the polls of these subscriptions, in whatever process, to look again; with the commit, and names and nothing more. */
export const tellPolls = async (tx: Tx, ids: readonly string[]): Promise<void> => {
  for (let from = 0; from < ids.length; from += idsInNotice) {
    const payload = `news ${ids.slice(from, from + idsInNotice).join(' ')}`;
    await tx`select pg_notify('events_polls', ${payload})`;
  }
};

export interface PollNotices {
  onNews(id: string): void;
  /** A newer poll of a subscription has begun. */
  onPoll(id: string, number: number): void;
  /** What was said before may have been missed. */
  onNewSession(): void;
}

/** Hears of news on one session for all polls of this process, however many. */
export const listenForPolls = ({ listen }: Pick<Database, 'listen'>, notices: PollNotices) =>
  listen('polls', (payload) => {
    const [word, ...rest] = payload.split(' ');
    if (word === 'news') for (const id of rest) notices.onNews(id);
    else if (word === 'poll') notices.onPoll(rest[0] ?? '', Number(rest[1]));
    else notices.onNewSession();
  });

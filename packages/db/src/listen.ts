import type { Connection } from './connection.ts';

export interface Listening {
  close(): Promise<void>;
}

export interface ListenSettings {
  /** Opens a session of its own, whose notifications go to `onNotify`. */
  readonly open: (onLost: () => void, onNotify: (payload: string) => void) => Promise<Connection>;
  /** A name that needs no quotes. */
  readonly channel: string;
  /** Also called with '' whenever the session is new: what was said before is lost. */
  readonly heard: (payload: string) => void;
  readonly onError: (error: unknown) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A session that only listens would never notice that its server has vanished. */
const heartbeatMs = 10_000;

const plain = (text: string) => ({ strings: text, values: [] });

/**
 * LISTEN on a session that belongs to nobody else, made anew whenever it is lost. Nothing that is heard may be relied
 * upon: notifications that come between two sessions are lost, so whoever listens also looks by himself now and then.
 */
export const startListening = ({ open, channel, heard, onError }: ListenSettings): Listening => {
  let closed = false;
  let failures = 0;
  let session: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    let lost = false;
    try {
      const opened = await open(() => {
        lost = true;
        again();
      }, heard);
      if (closed) return await opened.close();
      session = opened;
      await opened.run(plain(`listen ${channel}`));
      failures = 0;
      heard('');
      beat(opened);
    } catch (error) {
      if (failures === 0) onError(error);
      failures += 1;
      if (!lost) again();
    }
  };

  /** The answer's own time limit ends a session that is dead. */
  const beat = (opened: Connection): void => {
    if (closed || opened.isLost) return;
    timer = setTimeout(() => void opened.run(plain('select 1')).then(() => beat(opened), onError), heartbeatMs).unref();
  };

  const again = (): void => {
    session?.discard('A new session listens.');
    session = undefined;
    if (closed) return;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), pauseMs).unref();
  };

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await session?.close();
    },
  };
};

import type { Connection } from './connection.ts';

export interface Listening {
  close(): Promise<void>;
}

/** A topic that one session at most hears at any time, in all processes of the service together. */
export interface SoleListening extends Listening {
  /** True while it is this one. A process that has lost its session may learn of that late, when another one hears. */
  isHeard(): boolean;
}

export interface ListenSettings {
  /** Opens a session of its own, whose notifications go to `onNotify`. */
  readonly open: (onLost: () => void, onNotify: (payload: string) => void) => Promise<Connection>;
  /** A name that needs no quotes. */
  readonly channel: string;
  /** Waits in line while another session listens in this way. */
  readonly isSole: boolean;
  /** Also called with '' whenever the session is new: what was said before is lost. */
  readonly heard: (payload: string) => void;
  readonly onError: (error: unknown) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A session that only listens would never notice that its server has vanished. */
const heartbeatMs = 10_000;
/** Whoever waits in line looks that often; a session that ends lets go of its lock by itself. */
const lineMs = 1_000;

const plain = (text: string) => ({ strings: text, values: [] });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/**
 * LISTEN on a session that belongs to nobody else, made anew whenever it is lost. Nothing that is heard may be relied
 * upon: notifications that come between two sessions are lost, so whoever listens also looks by himself now and then.
 */
export const startListening = ({ open, channel, isSole, heard, onError }: ListenSettings): SoleListening => {
  let closed = false;
  let failures = 0;
  let session: Connection | undefined;
  let hearing: Connection | undefined;
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
      if (isSole && !(await waitInLine(opened))) return;
      await opened.run(plain(`listen ${channel}`));
      failures = 0;
      hearing = opened;
      heard('');
      beat(opened);
    } catch (error) {
      if (failures === 0) onError(error);
      failures += 1;
      if (!lost) again();
    }
  };

  /** False when nobody wants to hear any more. */
  const waitInLine = async (opened: Connection): Promise<boolean> => {
    while (!closed) {
      const [row] = await opened.run(
        plain(`select pg_try_advisory_lock(hashtextextended('${channel}', 0)) as "isFirst"`),
      );
      failures = 0;
      if (row?.isFirst === true) return true;
      await pause(lineMs);
    }
    return false;
  };

  /** The answer's own time limit ends a session that is dead. */
  const beat = (opened: Connection): void => {
    if (closed || opened.isLost) return;
    timer = setTimeout(() => void opened.run(plain('select 1')).then(() => beat(opened), onError), heartbeatMs).unref();
  };

  const again = (): void => {
    session?.discard('A new session listens.');
    session = undefined;
    hearing = undefined;
    if (closed) return;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (0.5 + Math.random() / 2);
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), pauseMs).unref();
  };

  void connect();
  return {
    isHeard: () => !closed && hearing !== undefined && !hearing.isLost,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await session?.close();
    },
  };
};

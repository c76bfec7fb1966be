import { connect, type Socket } from 'node:net';
import postgres from 'postgres';
import { columnTypes } from './column-types.ts';
import type { ConnectionTarget } from './connection-target.ts';
import { ConnectionLostError, translateConnectFailure, translateFailure } from './failure.ts';
import { type Row, type Rows, type StatementParts, toQuery } from './statement.ts';

/** One session at the server. It is never revived: lost once, it is thrown away, with whatever state it was in. */
export interface Connection {
  run(parts: StatementParts): Promise<Rows<Row[]>>;
  readonly isLost: boolean;
  /** Ends the session now; statements under way fail. */
  discard(reason: string): void;
  close(): Promise<void>;
}

export interface ConnectionSettings {
  readonly target: ConnectionTarget;
  /** Startup parameters of the session: role, search_path, statement_timeout and the like. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  /** How long a statement may go unanswered before the peer counts as dead; 0 = for ever. */
  readonly answerTimeoutMs: number;
  /** Hears what NOTIFY sends on channels this session listens to. */
  readonly onNotify?: (payload: string) => void;
}

const openSocket = ({ target, connectTimeoutMs }: ConnectionSettings): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { host, port, socket: path } = target;
    const socket = connect(path === undefined ? { host, port, noDelay: true } : { path });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new ConnectionLostError('The database did not take the connection in time.'));
    }, connectTimeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });

/** Every option the driver would otherwise take from PG* environment variables is given here. */
const driverOptions = ({ target, parameters, connectTimeoutMs, onNotify }: ConnectionSettings) => ({
  host: target.host,
  port: target.port,
  user: target.user,
  password: target.password,
  database: target.database,
  ssl: target.tls,
  max: 1,
  idle_timeout: 0,
  max_lifetime: null,
  connect_timeout: Math.ceil(connectTimeoutMs / 1000),
  types: columnTypes,
  // It would look up array types first, and a session lost during that look-up ends the process.
  fetch_types: false,
  connection: parameters,
  onnotice: () => {},
  ...(onNotify === undefined ? {} : { onnotify: (_channel: string, payload: string) => onNotify(payload) }),
});

/**
 * Connects one session. The driver is used for its protocol only, one client per session: when a connection of its own
 * pool breaks inside a transaction, it writes to the closed socket (which ends the process) and, once reconnected, may
 * run the rest of that transaction inside somebody else's. Here a session that breaks refuses everything from that
 * moment and is never reconnected. 503 `service_unavailable` when it cannot be made.
 */
export const openConnection = async (settings: ConnectionSettings, onLost: () => void): Promise<Connection> => {
  let socket: Socket | undefined;
  let established = false;
  let lost: ConnectionLostError | undefined;
  const unanswered = new Set<(error: unknown) => void>();

  const lose = (reason: string): void => {
    if (lost !== undefined) return;
    lost = new ConnectionLostError(reason);
    for (const reject of unanswered) reject(translateFailure(lost));
    unanswered.clear();
    socket?.destroy();
    void client.end({ timeout: 0 });
    if (established) onLost();
  };

  const client = postgres({
    ...driverOptions(settings),
    socket: async () => {
      // The driver would reconnect for ever, without a pause, to a server that hangs up during the handshake.
      if (socket !== undefined || lost !== undefined) throw new ConnectionLostError('The database hung up.');
      socket = await openSocket(settings);
      return socket;
    },
    onclose: () => lose('The connection to the database was closed.'),
  } as postgres.Options<Record<string, postgres.PostgresType>>);

  const run = (parts: StatementParts): Promise<Rows<Row[]>> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) {
        reject(translateFailure(lost));
        return;
      }
      const query = toQuery(client, parts);
      const timer =
        settings.answerTimeoutMs === 0
          ? undefined
          : setTimeout(() => lose('The database did not answer in time.'), settings.answerTimeoutMs);
      unanswered.add(reject);
      const settle = (): void => {
        clearTimeout(timer);
        unanswered.delete(reject);
      };
      query.then(
        (rows) => {
          settle();
          resolve(rows as unknown as Rows<Row[]>);
        },
        (error: unknown) => {
          settle();
          reject(translateFailure(error));
          // The driver tripped over itself (a value it could not read or write) and may have lost count of its answers.
          if (!(error instanceof postgres.PostgresError))
            lose('The session was given up after a failure of the driver.');
        },
      );
    });

  try {
    await client`select 1`;
    established = true;
  } catch (error) {
    lose('The connection could not be made.');
    throw translateConnectFailure(error);
  }

  return {
    run,
    get isLost() {
      return lost !== undefined;
    },
    discard: lose,
    close: async () => {
      if (lost !== undefined) return;
      lost = new ConnectionLostError('The connection was closed.');
      await client.end({ timeout: 1 });
      socket?.destroy();
    },
  };
};

import type { ScopeId } from '@scaivault/tenancy';
import { createAnnouncer } from './announcer.ts';
import { openConnection } from './connection.ts';
import { parseConnectionTarget } from './connection-target.ts';
import { createLanes } from './lanes.ts';
import { type Listening, type SoleListening, startListening } from './listen.ts';
import { createPool, type PoolStats } from './pool.ts';
import { createSql, type Sql, type SqlTag, type Tx } from './sql-tag.ts';
import { readInScope, runTransaction, type TransactionOptions } from './transaction.ts';
import { verifyRole } from './verify-role.ts';

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…` (DATABASE_URL). */
  readonly url: string;
  /** The role every session takes, e.g. `scaivault_secrets`; the login is this role or a member of it. */
  readonly role: string;
  /** The one schema that names are looked up in. */
  readonly schema: string;
  readonly applicationName: string;
  /** The most connections of this process and service (DATABASE_POOL_SIZE). */
  readonly poolSize: number;
  /** Per statement, at the server (DATABASE_STATEMENT_TIMEOUT); 0 = none. */
  readonly statementTimeoutMs: number;
  /** PEM roots to check the server's certificate against (DATABASE_CA_FILE). */
  readonly caFile?: string;
  /** Hears of failed attempts to connect. */
  readonly onError?: (error: unknown) => void;
}

/** A service's own corner of the database. Every failure to reach it is 503 `service_unavailable`. */
export interface Database {
  /** Single statements outside a transaction: SQL functions that set the scope themselves, and tables without one. */
  readonly sql: Sql;
  /** One transaction in which row-level security shows and takes the rows of this scope only. */
  withScope<T>(scopeId: ScopeId, work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Single statements that read, each in a transaction of its own that shows the rows of this scope only, in one trip. */
  readScope(scopeId: ScopeId): SqlTag;
  /** One transaction without a scope: row-level security shows nothing. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Resolves when row-level security binds this session's role; an Error for the operator when it would not. */
  verifyRole(): Promise<void>;
  /** Resolves when a statement comes back. */
  ping(): Promise<void>;
  /**
   * Calls back with what NOTIFY sends on the channel `<schema>_<topic>`, on a session beside the pool, and with '' for each
   * new session. Its loss is made good by itself; only what is said meanwhile is not heard.
   */
  listen(topic: string, heard: (payload: string) => void): Listening;
  /** The same for one session at a time, in all processes together: the others wait until that one ends. */
  listenAlone(topic: string, heard: (payload: string) => void): SoleListening;
  poolStats(): PoolStats;
  /** Lets running work end for up to five seconds. */
  close(): Promise<void>;
}

/** Outside a transaction the setting reads as '', so an empty scope would be everybody's. */
const requireScope = (scopeId: ScopeId): void => {
  if (scopeId.length === 0) throw new Error('The scope is empty.');
};

/** More would only spread the same statements thinner: fewer share a write, and more server processes take turns. */
const mostLanes = 4;
const connectTimeoutMs = 5_000;
const acquireTimeoutMs = 5_000;
const lifetimeMs = 60 * 60_000;
const closeGraceMs = 5_000;
/** On top of the statement timeout: the server's own clock has failed by then, or the network swallowed the answer. */
const answerGraceMs = 5_000;
const idleInTransactionMs = 60_000;

/**
 * A pool of sessions that all run as one plain role (architecture 2, promise 3). Opens nothing yet; connections come
 * with the first statement and, after an outage, with the first statement that follows it.
 */
export const openDatabase = (options: DatabaseOptions): Database => {
  const { role, schema, statementTimeoutMs } = options;
  const settings = {
    target: parseConnectionTarget(options.url, options.caFile),
    parameters: {
      application_name: options.applicationName,
      role,
      search_path: schema,
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      statement_timeout: String(statementTimeoutMs),
      idle_in_transaction_session_timeout: String(idleInTransactionMs),
    },
    connectTimeoutMs,
    answerTimeoutMs: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + answerGraceMs,
  };
  const pool = createPool({
    size: options.poolSize,
    acquireTimeoutMs,
    lifetimeMs,
    open: (onLost) => openConnection(settings, onLost),
    onError: options.onError ?? (() => {}),
  });
  // Half of the pool stays for transactions, however many statements there are.
  const lanes = createLanes(pool, Math.min(mostLanes, Math.ceil(options.poolSize / 2)));
  const sql = createSql((parts) => lanes.run((connection) => connection.run(parts)));
  const announce = createAnnouncer(sql, schema);
  const startListeningTo = (topic: string, isSole: boolean, heard: (payload: string) => void): SoleListening =>
    startListening({
      open: (onLost, onNotify) => openConnection({ ...settings, onNotify }, onLost),
      channel: `${schema}_${topic}`,
      isSole,
      heard,
      onError: options.onError ?? (() => {}),
    });

  return {
    sql,
    withScope: async (scopeId, work, how) => {
      requireScope(scopeId);
      return await pool.use((connection) => runTransaction(connection, scopeId, work, announce, how));
    },
    readScope: (scopeId) => {
      requireScope(scopeId);
      return createSql((parts) => lanes.run((connection) => readInScope(connection, scopeId, parts)));
    },
    transaction: (work) => pool.use((connection) => runTransaction(connection, undefined, work, announce)),
    verifyRole: () => verifyRole(sql, role),
    ping: async () => {
      await sql`select 1`;
    },
    listen: (topic, heard) => startListeningTo(topic, false, heard),
    listenAlone: (topic, heard) => startListeningTo(topic, true, heard),
    poolStats: pool.stats,
    close: () => pool.close(closeGraceMs),
  };
};

import { VaultError } from '@scaivault/errors';
import postgres from 'postgres';

/**
 * A refusal of PostgreSQL that is about the statement (a constraint, a type, a missing right), without the values the
 * server and the driver attach to theirs: no DETAIL, no parameters, no statement text.
 */
export class DatabaseError extends Error {
  /** Five characters, PostgreSQL appendix A. */
  readonly sqlState: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;

  constructor(
    sqlState: string,
    message: string,
    names: { constraint?: string | undefined; table?: string | undefined },
  ) {
    super(`${sqlState}: ${message}`);
    this.name = 'DatabaseError';
    this.sqlState = sqlState;
    this.constraint = names.constraint;
    this.table = names.table;
  }
}

/** The connection is gone, or was never made; says nothing about whether the last statement took effect. */
export class ConnectionLostError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ConnectionLostError';
  }
}

const breaks = (error: unknown, sqlState: string, constraint: string | undefined): boolean =>
  error instanceof DatabaseError &&
  error.sqlState === sqlState &&
  (constraint === undefined || error.constraint === constraint);

/** True when a row with this key already exists; of the named constraint or unique index when one is given. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean => breaks(error, '23505', constraint);

/** True when a row, or what it adds to, is not what a check says; of the named constraint. */
export const isCheckViolation = (error: unknown, constraint: string): boolean => breaks(error, '23514', constraint);

/** True when a row refers to one that is not there, or one that is referred to was to go; by the named constraint. */
export const isForeignKeyViolation = (error: unknown, constraint?: string): boolean =>
  breaks(error, '23503', constraint);

/**
 * The server cannot do it now, whatever the statement: connection exceptions (08), resources such as disk and
 * connections (53), system errors (58), shutdown and cancelled statements (57), a read-only standby.
 */
const isOutage = (sqlState: string): boolean => {
  const group = sqlState.slice(0, 2);
  return (
    group === '08' ||
    group === '53' ||
    group === '58' ||
    (group === '57' && sqlState !== '57000') ||
    sqlState === '25006'
  );
};

const driverConnectionCodes: ReadonlySet<unknown> = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
]);

const isSocketFailure = (error: Error): boolean =>
  error instanceof ConnectionLostError ||
  'syscall' in error ||
  ('code' in error && (driverConnectionCodes.has(error.code) || error.code === 'ERR_STREAM_DESTROYED'));

/** 503 with a Retry-After of 1 to 5 seconds, spread so that callers do not come back all at once. */
export const databaseUnavailable = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'The database is not available at the moment.', {
    cause,
    retryAfterSeconds: 1 + Math.floor(Math.random() * 5),
  });

/** The server's error without what may carry a row's values: its DETAIL, and the message of data exceptions (22). */
const withoutValues = (error: postgres.PostgresError): DatabaseError =>
  new DatabaseError(error.code, error.code.startsWith('22') ? 'a value does not fit its type' : error.message, {
    constraint: error.constraint_name,
    table: error.table_name,
  });

/**
 * What a store may see of a failed statement: 503 `service_unavailable` for outages and statement timeouts, a
 * DatabaseError for every other refusal of the server, anything else as it is.
 */
export const translateFailure = (error: unknown): unknown => {
  if (error instanceof postgres.PostgresError) {
    const plain = withoutValues(error);
    return isOutage(plain.sqlState) ? databaseUnavailable(plain) : plain;
  }
  return error instanceof Error && isSocketFailure(error) ? databaseUnavailable(error) : error;
};

/** What a failed attempt to connect becomes: always 503, whatever the reason; the reason is the cause. */
export const translateConnectFailure = (error: unknown): VaultError =>
  databaseUnavailable(error instanceof postgres.PostgresError ? withoutValues(error) : error);

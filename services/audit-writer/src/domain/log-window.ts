import { fieldError } from '@scaivault/errors';

/** The time a query looks at, in microseconds since the epoch: `from` inclusive, `to` exclusive. */
export interface LogWindow {
  readonly fromMicros: number;
  readonly toMicros: number;
}

const dayMicros = 86_400 * 1_000_000;
/** No row is older, and PostgreSQL knows no year 0. */
const firstMicros = Date.UTC(2000, 0, 1) * 1000;

/** `to` is now and `from` that many days before it where they are left out (rest-api-core 7.2); 422 when `from` is later. */
export const logWindow = (asked: Partial<LogWindow>, usualDays: number, nowMicros: number): LogWindow => {
  const toMicros = asked.toMicros ?? nowMicros;
  const fromMicros = asked.fromMicros ?? toMicros - usualDays * dayMicros;
  if (fromMicros > toMicros) throw fieldError('from', 'conflict', 'must not be later than to');
  return { fromMicros: Math.max(fromMicros, firstMicros), toMicros: Math.max(toMicros, firstMicros) };
};

const lastMicros = Date.UTC(9999, 11, 31) * 1000;

/** All there is where a bound is left out; 422 when `from` is later than `to`. */
export const allTime = (asked: Partial<LogWindow>): LogWindow =>
  logWindow({ fromMicros: firstMicros, toMicros: lastMicros, ...asked }, 0, lastMicros);

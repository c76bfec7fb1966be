import { formatMicros } from '@scaivault/tenancy';

const postgresTimestamp = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?\+00$/;
const firstMicros = Date.parse('0001-01-01T00:00:00Z') * 1000;
const afterLastMicros = Date.parse('9999-12-31T23:59:59.999Z') * 1000 + 1000;

/**
 * Microseconds since the epoch of a `timestamptz` as PostgreSQL writes it in a UTC session; `infinity` is Infinity.
 * Exact from 1684 to 2255, where a double runs out of bits; outside to the nearest representable one.
 */
export const parsePostgresTimestamp = (text: string): number => {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  const match = postgresTimestamp.exec(text);
  if (match === null) throw new RangeError('A timestamptz outside the years 1 to 275760, or of a session not in UTC.');
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const at = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  at.setUTCHours(Number(hour), Number(minute), Number(second));
  return at.getTime() * 1000 + Number(fraction.padEnd(6, '0'));
};

/** The way back, for a whole number of microseconds from the year 1 to 9999; undefined for anything else. */
export const formatPostgresTimestamp = (micros: unknown): string | undefined => {
  if (micros === Number.POSITIVE_INFINITY) return 'infinity';
  if (micros === Number.NEGATIVE_INFINITY) return '-infinity';
  if (!Number.isInteger(micros) || Number(micros) < firstMicros || Number(micros) >= afterLastMicros) {
    return undefined;
  }
  return formatMicros(Number(micros));
};

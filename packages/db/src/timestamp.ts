import { formatMicros } from '@scaivault/tenancy';

const postgresTimestamp = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?\+00$/;
const offsetLength = '+00'.length;
const fourCenturiesMs = Date.UTC(2400, 0) - Date.UTC(2000, 0);
const firstMicros = Date.parse('0001-01-01T00:00:00Z') * 1000;
const afterLastMicros = Date.parse('9999-12-31T23:59:59.999Z') * 1000 + 1000;

/** The number whose digits stand from `start` up to `end`. */
const wholeAt = (text: string, start: number, end: number): number => {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
};

/**
 * Microseconds since the epoch of a `timestamptz` as PostgreSQL writes it in a UTC session; `infinity` is Infinity.
 * Exact from 1684 to 2255, where a double runs out of bits; outside to the nearest representable one.
 */
export const parsePostgresTimestamp = (text: string): number => {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  if (!postgresTimestamp.test(text)) {
    throw new RangeError('A timestamptz outside the years 1 to 275760, or of a session not in UTC.');
  }
  // Every row has several: digits are read where they stand, and no text is cut out for them.
  const yearEnd = text.indexOf('-');
  const secondEnd = yearEnd + 15;
  const year = wholeAt(text, 0, yearEnd);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; the calendar repeats itself after 400.
  const at = Date.UTC(
    year < 100 ? year + 400 : year,
    wholeAt(text, yearEnd + 1, yearEnd + 3) - 1,
    wholeAt(text, yearEnd + 4, yearEnd + 6),
    wholeAt(text, yearEnd + 7, yearEnd + 9),
    wholeAt(text, yearEnd + 10, yearEnd + 12),
    wholeAt(text, yearEnd + 13, secondEnd),
  );
  const fractionEnd = text.length - offsetLength;
  const fraction =
    fractionEnd > secondEnd ? wholeAt(text, secondEnd + 1, fractionEnd) * 10 ** (secondEnd + 7 - fractionEnd) : 0;
  return (year < 100 ? at - fourCenturiesMs : at) * 1000 + fraction;
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

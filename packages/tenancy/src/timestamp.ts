const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,32}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

const firstMs = Date.parse('0000-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59Z');

const secondsPerDay = 86_400;

let lastDay = Number.NaN;
let lastDate = '';

/** `2026-01-31T`, from days since the epoch. Nearly all times that are written in a row are of one day. */
const dateOf = (day: number): string => {
  if (day !== lastDay) {
    lastDate = new Date(day * secondsPerDay * 1000).toISOString().slice(0, 11);
    lastDay = day;
  }
  return lastDate;
};

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** `2026-01-31T23:59:59`, from whole seconds since the epoch. */
const formatWhole = (seconds: number): string => {
  const day = Math.floor(seconds / secondsPerDay);
  const rest = seconds - day * secondsPerDay;
  const minutes = Math.floor(rest / 60);
  const hour = Math.floor(minutes / 60);
  return `${dateOf(day)}${twoDigits[hour]}:${twoDigits[minutes - hour * 60]}:${twoDigits[rest - minutes * 60]}`;
};

/** RFC 3339 in UTC with whole seconds, from milliseconds since the epoch; what is below a second is dropped. */
export const formatSeconds = (ms: number): string => `${formatWhole(Math.floor(ms / 1000))}Z`;

/** RFC 3339 in UTC with six decimals, from microseconds since the epoch (audit rows and events, rest-api-core 1.4). */
export const formatMicros = (micros: number): string => {
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  return `${formatWhole((micros - fraction) / 1_000_000)}.${String(fraction).padStart(6, '0')}Z`;
};

/**
 * Microseconds since the epoch of an RFC 3339 timestamp with any offset, or undefined when the text is none
 * (rest-api-core 1.4): real calendar dates only, no leap seconds, further decimals dropped. Whole seconds are exact up
 * to the year 9999; microseconds are exact up to 2255, where a double runs out of bits.
 */
export const parseTimestamp = (text: string): number | undefined => {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', sign, offsetHours, offsetMinutes] = match;
  const local = `${date}T${time}`;
  const localMs = Date.parse(`${local}Z`);
  // Date rolls 30 February over into March and 24:00 into the next day; the way back gives both away.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, 19) !== local) return undefined;

  const offsetMs = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000;
  const ms = sign === '-' ? localMs + offsetMs : localMs - offsetMs;
  // Outside these four-digit years the instant could not be written back.
  if (ms < firstMs || ms > lastMs) return undefined;
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
};

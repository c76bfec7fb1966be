/** Wall time in some zone: weekday from 0 = Sunday, and minutes since midnight. */
export interface LocalTime {
  readonly weekday: number;
  readonly minute: number;
}

export type LocalClock = (nowMs: number) => LocalTime;

const shortWeekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const createLocalClock = (format: Intl.DateTimeFormat): LocalClock => {
  const read = (nowMs: number): LocalTime => {
    const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
    return {
      weekday: shortWeekdays.indexOf(parts.get('weekday') ?? ''),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    };
  };
  // Zone offsets are whole minutes, so every instant of a UTC minute has the same local one; formatting costs
  // microseconds, and a busy process asks thousands of times a minute.
  let lastMinute = Number.NaN;
  let last: LocalTime = { weekday: 0, minute: 0 };
  return (nowMs) => {
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== lastMinute) {
      last = read(nowMs);
      lastMinute = minute;
    }
    return last;
  };
};

/** One clock for each zone in use; there are a few hundred zones in all, so this needs no bound. */
const clocks = new Map<string, LocalClock>();
const ianaName = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** The clock of an IANA time zone, daylight saving included; undefined when no zone has that name. */
export const localClock = (zone: string): LocalClock | undefined => {
  // Intl also takes bare offsets such as `+01:00`, which are no zone names and know no daylight saving.
  if (!ianaName.test(zone)) return undefined;
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch (error) {
    // The one documented way to ask whether a zone exists.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  // Kept under its proper name only, or every odd spelling of it would take up memory for good.
  const { timeZone } = format.resolvedOptions();
  const clock = clocks.get(timeZone) ?? createLocalClock(format);
  clocks.set(timeZone, clock);
  return clock;
};

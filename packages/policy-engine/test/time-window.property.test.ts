import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicies, evaluate, parseRules, type TimeWindow } from '../src/index.ts';
import { alice, policy, request } from './fixtures.ts';

const opens = (time_window: TimeWindow) => {
  const rules = parseRules([{ path_pattern: '**', permissions: ['read'], conditions: { time_window } }]);
  const bundle = compilePolicies([policy('a', { rules })]);
  return (at: string | number): boolean =>
    evaluate(bundle, alice, request({ nowMs: typeof at === 'string' ? Date.parse(at) : at })).allowed;
};

/** The first and the last whole minute, in UTC, of the spans in which a window is open between two instants. */
const spansOf = (window: TimeWindow, from: string, to: string): string[] => {
  const isOpen = opens(window);
  const spans: string[] = [];
  let since: number | undefined;
  for (let at = Date.parse(from); at <= Date.parse(to); at += 60_000) {
    const text = (ms: number) => new Date(ms).toISOString().slice(5, 16);
    if (isOpen(at)) since ??= at;
    else if (since !== undefined) {
      spans.push(`${text(since)} to ${text(at)}`);
      since = undefined;
    }
  }
  return spans;
};

describe('a window on a day when clocks change', () => {
  const paris = { timezone: 'Europe/Paris' };

  it('loses the hour that spring leaves out', () => {
    expect(spansOf({ start: '01:30', end: '03:30', ...paris }, '2026-03-28T22:00Z', '2026-03-29T22:00Z')).toEqual([
      '03-29T00:30 to 03-29T01:30',
    ]);
    // A window that lies in the gap does not open on that day.
    expect(spansOf({ start: '02:10', end: '02:50', ...paris }, '2026-03-28T12:00Z', '2026-03-29T20:00Z')).toEqual([]);
    // One that begins in the gap opens with the first minute behind it.
    expect(spansOf({ start: '02:30', end: '04:00', ...paris }, '2026-03-28T12:00Z', '2026-03-29T20:00Z')).toEqual([
      '03-29T01:00 to 03-29T02:00',
    ]);
  });

  it('has the double hour of autumn twice', () => {
    expect(spansOf({ start: '02:10', end: '02:50', ...paris }, '2026-10-24T22:00Z', '2026-10-25T22:00Z')).toEqual([
      '10-25T00:10 to 10-25T00:50',
      '10-25T01:10 to 10-25T01:50',
    ]);
    expect(spansOf({ start: '01:30', end: '03:30', ...paris }, '2026-10-24T22:00Z', '2026-10-25T22:00Z')).toEqual([
      '10-24T23:30 to 10-25T02:30',
    ]);
  });

  it('belongs to the day it opened, over the change and over midnight', () => {
    const night = { days: ['sat'], start: '22:00', end: '06:00', ...paris } as const;
    expect(spansOf(night, '2026-03-27T12:00Z', '2026-03-30T12:00Z')).toEqual(['03-28T21:00 to 03-29T04:00']);
    expect(spansOf(night, '2026-10-23T12:00Z', '2026-10-26T12:00Z')).toEqual(['10-24T20:00 to 10-25T05:00']);
  });

  it('knows zones whose change is half an hour, and zones that skip midnight', () => {
    // Lord Howe goes from +10:30 to +11 on 4 October 2026 at 02:00, so 02:00 to 02:30 does not come.
    const howe = { timezone: 'Australia/Lord_Howe' };
    expect(spansOf({ start: '01:45', end: '02:45', ...howe }, '2026-10-03T12:00Z', '2026-10-04T12:00Z')).toEqual([
      '10-03T15:15 to 10-03T15:45',
    ]);
    // In Santiago midnight of 6 September 2026 is left out: the day begins at 01:00.
    const santiago = { days: ['sun'], start: '00:00', end: '02:00', timezone: 'America/Santiago' } as const;
    expect(spansOf(santiago, '2026-09-05T12:00Z', '2026-09-06T12:00Z')).toEqual(['09-06T04:00 to 09-06T05:00']);
  });
});

describe('zones beside whole hours', () => {
  it.each([
    ['Asia/Kolkata', '04-23T03:30 to 04-23T12:00'],
    ['Asia/Kathmandu', '04-23T03:15 to 04-23T11:45'],
    ['America/St_Johns', '04-23T11:30 to 04-23T20:00'],
    ['Pacific/Chatham', '04-22T20:15 to 04-23T04:45'],
    ['Australia/Eucla', '04-23T00:15 to 04-23T08:45'],
  ])('%s: office hours of Thursday are %s', (timezone, span) => {
    const office = { days: ['thu'], start: '09:00', end: '17:30', timezone } as const;
    expect(spansOf(office, '2026-04-22T12:00Z', '2026-04-24T12:00Z')).toEqual([span]);
  });
});

const zones = fc.constantFrom('UTC', 'Europe/Paris', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns');
const minuteOfDay = fc.integer({ min: 0, max: 1439 });
const wall = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const instant = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2028, 0) });

it('is open exactly when its counterpart from end to start is closed, on any day of any zone', () => {
  fc.assert(
    fc.property(zones, minuteOfDay, minuteOfDay, instant, (timezone, a, b, at) => {
      fc.pre(a !== b);
      const [start, end] = [wall(a), wall(b)];
      expect(opens({ start, end, timezone })(at)).toBe(!opens({ start: end, end: start, timezone })(at));
    }),
    { numRuns: 2_000 },
  );
});

it('reads the wall clock that Temporal reads, minute by minute', () => {
  fc.assert(
    fc.property(zones, instant, (timezone, at) => {
      const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
      const minute = local.hour * 60 + local.minute;
      const day = (['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const)[local.dayOfWeek - 1]!;
      const start = wall(minute);
      expect(opens({ days: [day], start, end: wall((minute + 1) % 1440), timezone })(at)).toBe(true);
      const before = wall((minute + 1439) % 1440);
      expect(opens({ start: before, end: start, timezone })(at)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMicroClock, nowMicros } from './micro-clock.ts';
import { formatMicros, formatSeconds, parseTimestamp } from './timestamp.ts';

describe('formatting', () => {
  it('drops what is below a second in resources', () => {
    expect(formatSeconds(Date.UTC(2026, 3, 23, 18, 0, 0, 999))).toBe('2026-04-23T18:00:00Z');
  });

  it('writes six decimals in audit rows, before the epoch too', () => {
    expect(formatMicros(Date.UTC(2026, 3, 23) * 1000 + 42)).toBe('2026-04-23T00:00:00.000042Z');
    expect(formatMicros(-1)).toBe('1969-12-31T23:59:59.999999Z');
  });

  it('is what Date writes, of whichever day the one before was', () => {
    const milliseconds = fc.integer({ min: Date.UTC(1684, 0, 1), max: Date.UTC(2255, 0, 1) });
    fc.assert(
      fc.property(fc.array(milliseconds), (instants) => {
        for (const ms of instants) {
          expect(formatSeconds(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`);
          expect(formatMicros(ms * 1000)).toBe(new Date(ms).toISOString().replace('Z', '000Z'));
        }
      }),
    );
  });

  it('is undone by parsing', () => {
    const micros = fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 1 });
    fc.assert(fc.property(micros, (instant) => parseTimestamp(formatMicros(instant)) === instant));
  });
});

describe('parseTimestamp', () => {
  const noon = Date.UTC(2026, 3, 23, 12) * 1000;

  it.each([
    ['2026-04-23T12:00:00Z', noon],
    ['2026-04-23t12:00:00z', noon],
    ['2026-04-23T14:30:00+02:30', noon],
    ['2026-04-23T02:00:00-10:00', noon],
    ['2026-04-23T12:00:00-00:00', noon],
    ['2026-04-23T12:00:00.5Z', noon + 500_000],
    ['2026-04-23T12:00:00.1234567Z', noon + 123_456],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000],
    ['9999-12-31T23:59:59Z', 253_402_300_799_000_000],
  ])('reads %s', (text, micros) => {
    expect(parseTimestamp(text)).toBe(micros);
  });

  it('writes the last second of the year 9999 back as it was', () => {
    expect(formatMicros(parseTimestamp('9999-12-31T23:59:59Z') ?? 0)).toBe('9999-12-31T23:59:59.000000Z');
  });

  it.each([
    '',
    '2026-04-23',
    '2026-04-23T12:00:00',
    '2026-04-23 12:00:00Z',
    '2026-04-23T12:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-23T24:00:00Z',
    '2026-04-23T12:60:00Z',
    '2026-12-31T23:59:60Z',
    '2026-04-23T12:00:00.Z',
    '2026-04-23T12:00:00+24:00',
    '2026-04-23T12:00:00+0200',
    '2026-04-23T12:00:00+02:60',
    '+002026-04-23T12:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+00:01',
    ' 2026-04-23T12:00:00Z',
    '2026-04-23T12:00:00Z\n',
    '1776945600',
  ])('knows that %j is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});

describe('createMicroClock', () => {
  it('rises while the wall clock stands still or steps back a little', () => {
    const wall = [1_000, 1_000, 1_000, 999, 1_001];
    const clock = createMicroClock(() => wall.shift() ?? 0);
    expect([clock(), clock(), clock(), clock(), clock()]).toEqual([
      1_000_000, 1_000_001, 1_000_002, 1_000_003, 1_001_000,
    ]);
  });

  it('follows a clock that was set back', () => {
    const wall = [10_000, 8_000];
    const clock = createMicroClock(() => wall.shift() ?? 0);
    expect([clock(), clock()]).toEqual([10_000_000, 8_000_000]);
  });

  it('tells the present in safe integers', () => {
    const now = nowMicros();
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(Math.abs(now / 1000 - Date.now())).toBeLessThan(1_000);
  });
});

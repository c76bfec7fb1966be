import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWindow } from './split-window.ts';

const at = (text: string): number => Date.parse(text) * 1000;
const window = (from: string, to: string) => ({ fromMicros: at(from), toMicros: at(to) });
const hour = 3_600_000_000;

describe('splitWindow', () => {
  it('takes whole days, whole hours around them and the ends', () => {
    expect(splitWindow(window('2026-01-01T22:30:00Z', '2026-01-04T01:00:01Z'))).toEqual({
      days: [window('2026-01-02T00:00:00Z', '2026-01-04T00:00:00Z')],
      hours: [
        window('2026-01-01T23:00:00Z', '2026-01-02T00:00:00Z'),
        window('2026-01-04T00:00:00Z', '2026-01-04T01:00:00Z'),
      ],
      rows: [
        window('2026-01-01T22:30:00Z', '2026-01-01T23:00:00Z'),
        window('2026-01-04T01:00:00Z', '2026-01-04T01:00:01Z'),
      ],
    });
  });

  it('has rows only for a window that holds no whole hour, and nothing for an empty one', () => {
    const short = window('2026-01-01T22:30:00Z', '2026-01-01T23:30:00Z');
    expect(splitWindow(short)).toEqual({ days: [], hours: [], rows: [short] });
    expect(splitWindow({ fromMicros: 5, toMicros: 5 })).toEqual({ days: [], hours: [], rows: [] });
  });

  it('covers every window exactly once, and counts less than two hours of it row by row', () => {
    const micros = fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') });
    fc.assert(
      fc.property(micros, fc.integer({ min: 0, max: 100 * 24 * hour }), (fromMicros, span) => {
        const whole = { fromMicros, toMicros: fromMicros + span };
        const { days, hours, rows } = splitWindow(whole);
        const parts = [...days, ...hours, ...rows].toSorted((a, b) => a.fromMicros - b.fromMicros);
        let reached = fromMicros;
        for (const part of parts) {
          expect(part.fromMicros).toBe(reached);
          reached = part.toMicros;
        }
        expect(reached).toBe(whole.toMicros);
        const counted = rows.reduce((sum, part) => sum + part.toMicros - part.fromMicros, 0);
        expect(counted).toBeLessThan(2 * hour);
        for (const part of hours) expect([part.fromMicros % hour, part.toMicros % hour]).toEqual([0, 0]);
        for (const part of days) expect([part.fromMicros % (24 * hour), part.toMicros % (24 * hour)]).toEqual([0, 0]);
      }),
    );
  });
});

import type { LogWindow } from './log-window.ts';

/** The parts of a window by what they can be counted from; together they are the window, and none overlaps another. */
export interface WindowParts {
  readonly days: readonly LogWindow[];
  readonly hours: readonly LogWindow[];
  /** Less than an hour each: to be counted row by row. */
  readonly rows: readonly LogWindow[];
}

const hourMicros = 3_600_000_000;
const dayMicros = 24 * hourMicros;

/** Whole units inside of a window, and what is left of it before and behind them. */
const carve = (
  { fromMicros, toMicros }: LogWindow,
  unit: number,
): { readonly whole: readonly LogWindow[]; readonly rest: readonly LogWindow[] } => {
  const first = Math.ceil(fromMicros / unit) * unit;
  const last = Math.floor(toMicros / unit) * unit;
  const parts =
    first < last
      ? {
          whole: [[first, last]],
          rest: [
            [fromMicros, first],
            [last, toMicros],
          ],
        }
      : { whole: [], rest: [[fromMicros, toMicros]] };
  const windows = (pairs: readonly (readonly number[])[]): readonly LogWindow[] =>
    pairs.flatMap(([from = 0, to = 0]) => (from < to ? [{ fromMicros: from, toMicros: to }] : []));
  return { whole: windows(parts.whole), rest: windows(parts.rest) };
};

/** Cuts a window into whole UTC days, whole hours around them, and the ends of it. */
export const splitWindow = (window: LogWindow): WindowParts => {
  const byHour = carve(window, hourMicros);
  const byDay = byHour.whole.map((hours) => carve(hours, dayMicros));
  return {
    days: byDay.flatMap(({ whole }) => whole),
    hours: byDay.flatMap(({ rest }) => rest),
    rows: byHour.rest,
  };
};

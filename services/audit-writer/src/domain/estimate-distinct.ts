/** The least different marks of a set, and nothing else of it; marks lie evenly over 0 to 1. */
export interface LeastMarks {
  /** How many there are, at most `mostMarks`. */
  readonly count: number;
  /** The largest of them; null without any. */
  readonly largest: number | null;
}

/** As many are kept; the database's function `least_marks` has the same figure. */
export const mostMarks = 256;

/**
 * How many members the set has: exact below `mostMarks`; above, the density of the marks tells (k minimum values), with a
 * standard error of 1 / sqrt(254), 6 %.
 */
export const estimateDistinct = ({ count, largest }: LeastMarks): number =>
  count < mostMarks || largest === null || largest <= 0 ? count : Math.round((mostMarks - 1) / largest);

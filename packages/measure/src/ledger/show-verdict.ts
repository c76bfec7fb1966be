import type { Verdict } from './goal.ts';
import { showNumber } from './show-number.ts';

/** One line: the goal, what was measured, and whether that is it. */
export const showVerdict = ({ goal, value, is }: Verdict): string => {
  const { part, target, what, atLeast, atMost, cores } = goal;
  const wish = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  const why = is === 'open' ? ` (it takes ${cores} cores to tell)` : '';
  return `  ${is.padEnd(7)} ${part} · ${target} · ${what} ${wish}: ${showNumber(value)}${why}\n`;
};

import { median } from '../median.ts';
import { tableLine } from '../table-line.ts';
import type { Figure } from './figure.ts';
import { showNumber } from './show-number.ts';

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** A table for each part: a line for each target, a column for each thing that was measured; medians of the rounds. */
export const showFigures = (figures: readonly Figure[]): string =>
  [...Map.groupBy(figures, ({ part }) => part)]
    .map(([part, own]) => {
      const columns = unique(own.map(({ what }) => what));
      const widths = {
        first: Math.max(24, part.length + 2),
        others: columns.map((what) => Math.max(9, what.length) + 2),
      };
      const lines = [...Map.groupBy(own, ({ target }) => target)].map(([target, its]) => {
        const values = new Map(its.map(({ what, rounds }) => [what, showNumber(median(rounds))]));
        const indented = target.replace(/^.* \/ /, '  ');
        return tableLine([indented, ...columns.map((what) => values.get(what) ?? '')], widths);
      });
      return `\n${tableLine([part, ...columns], widths)}\n${lines.join('')}`;
    })
    .join('');

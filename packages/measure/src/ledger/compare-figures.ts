import { median } from '../median.ts';
import { type Figure, type FigureName, findFigure } from './figure.ts';

export interface Difference extends FigureName {
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
  /** Of the rounds, the wider of both: (most − least) ÷ median. */
  readonly spread: number;
  /** Within the noise while the ranges of the rounds overlap: then a run more may say the opposite. */
  readonly is: 'better' | 'worse' | 'other' | 'within noise' | 'one round';
}

const rangeOf = ({ rounds }: Figure): readonly [least: number, most: number] => [
  Math.min(...rounds),
  Math.max(...rounds),
];

const spreadOf = (figure: Figure): number => {
  const [least, most] = rangeOf(figure);
  return most === least ? 0 : (most - least) / median(figure.rounds);
};

const judge = (before: Figure, after: Figure): Difference['is'] => {
  const [leastBefore, mostBefore] = rangeOf(before);
  const [leastAfter, mostAfter] = rangeOf(after);
  const isMore = leastAfter > mostBefore;
  if (!isMore && mostAfter >= leastBefore) return 'within noise';
  if (Math.min(before.rounds.length, after.rounds.length) < 2) return 'one round';
  if (after.better === 'neither') return 'other';
  return isMore === (after.better === 'more') ? 'better' : 'worse';
};

/** Nothing is to nothing as one to one. */
const divide = (above: number, below: number): number => (above === below ? 1 : above / below);

/** What became of each figure that both have. */
export const compareFigures = (before: readonly Figure[], after: readonly Figure[]): readonly Difference[] =>
  after.flatMap((figure) => {
    const old = findFigure(before, figure);
    if (old === undefined) return [];
    const { part, target, what } = figure;
    const medians = { before: median(old.rounds), after: median(figure.rounds) };
    const spread = Math.max(spreadOf(old), spreadOf(figure));
    return [
      { part, target, what, ...medians, ratio: divide(medians.after, medians.before), spread, is: judge(old, figure) },
    ];
  });

import { median } from '../median.ts';
import { type Figure, type FigureName, findFigure } from './figure.ts';

/** What a figure should be: a wish of the house, which no test asserts. */
export interface Goal extends FigureName {
  readonly scenario: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** On fewer cores it cannot be told. */
  readonly cores?: number;
}

export interface Verdict {
  readonly goal: Goal;
  /** The median of the rounds. */
  readonly value: number;
  readonly is: 'met' | 'missed' | 'open';
}

/** Verdicts on the goals whose figures were measured. */
export const judgeGoals = (goals: readonly Goal[], figures: readonly Figure[], cores: number): readonly Verdict[] =>
  goals.flatMap((goal) => {
    const figure = findFigure(figures, goal);
    if (figure === undefined) return [];
    const value = median(figure.rounds);
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal;
    const isMet = value >= atLeast && value <= atMost;
    return [{ goal, value, is: cores < (goal.cores ?? 0) ? 'open' : isMet ? 'met' : 'missed' }];
  });

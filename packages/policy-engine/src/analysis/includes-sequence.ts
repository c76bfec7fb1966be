/** A letter, or a gap in which any number of letters may stand, none included. */
export type Step<Letter> = Letter | 'gap';

/** How steps are compared; both the characters of a segment and the segments of a path are sequences of this kind. */
export interface Alphabet<Letter> {
  /** True when all that `narrow` stands for is in what `wide` stands for. */
  readonly covers: (wide: Letter, narrow: Letter) => boolean;
  /** The letter that stands for every other. */
  readonly any: Letter;
}

/** Pairs looked at before the question is given up; ordinary patterns need a few dozen. */
const maxPairs = 500;

/** The positions reachable without a letter: a gap may be empty. */
const withEmptyGaps = <Letter>(steps: readonly Step<Letter>[], positions: Iterable<number>): ReadonlySet<number> => {
  const all = new Set(positions);
  for (const position of all) if (steps[position] === 'gap') all.add(position + 1);
  return all;
};

/**
 * True when every sequence that `narrow` matches is matched by `wide` too; false when that is not so or takes too long to
 * see. `narrow` is walked along each of its ways while all places where `wide` may be meanwhile are kept; a place is
 * only kept when `wide` covers the whole letter, so the answer true is never wrong.
 */
export const includesSequence = <Letter>(
  wide: readonly Step<Letter>[],
  narrow: readonly Step<Letter>[],
  { covers, any }: Alphabet<Letter>,
): boolean => {
  const follow = (positions: ReadonlySet<number>, letter: Letter): ReadonlySet<number> => {
    const next: number[] = [];
    for (const position of positions) {
      const step = wide[position];
      if (step === 'gap') next.push(position);
      else if (step !== undefined && covers(step as Letter, letter)) next.push(position + 1);
    }
    return withEmptyGaps(wide, next);
  };
  const pending: [at: number, positions: ReadonlySet<number>][] = [[0, withEmptyGaps(wide, [0])]];
  const seen = new Set<string>();
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [at, positions] = pair;
    const key = `${at}:${[...positions].sort((a, b) => a - b).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (positions.size === 0 || seen.size > maxPairs) return false;
    const step = narrow[at];
    if (step === undefined) {
      if (!positions.has(wide.length)) return false;
    } else if (step === 'gap') {
      pending.push([at + 1, positions], [at, follow(positions, any)]);
    } else {
      pending.push([at + 1, follow(positions, step as Letter)]);
    }
  }
  return true;
};

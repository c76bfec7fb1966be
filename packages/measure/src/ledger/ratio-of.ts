import type { Figure } from './figure.ts';

/** Round by round, because what is measured in one round has had the same machine. */
export const ratioOf = (above: Figure, below: Figure, what: string, factor = 1): Figure => ({
  ...above,
  what,
  rounds: above.rounds.map((value, round) => (factor * value) / (below.rounds[round] ?? Number.NaN)),
});

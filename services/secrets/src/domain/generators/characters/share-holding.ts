import { type CharacterClass, holdsClass } from './character-class.ts';
import type { Charset } from './charset.ts';

const shareOutside = (characters: string, classes: readonly CharacterClass[]): number =>
  [...characters].filter((character) => !classes.some((one) => holdsClass(character, one))).length / characters.length;

/**
 * Which share of all texts of that length holds every one of the classes: inclusion and exclusion, one class after
 * another. Exact but for rounding, which stays below 1e-14; a share that small is not to be told from none.
 */
export const shareHolding = (
  charset: Charset,
  length: number,
  classes: readonly CharacterClass[],
  avoided: readonly CharacterClass[] = [],
): number => {
  const [next, ...others] = classes;
  if (next === undefined)
    return shareOutside(charset.first, avoided) * shareOutside(charset.rest, avoided) ** (length - 1);
  // Those that hold the others, less those that hold the others but not this one.
  return shareHolding(charset, length, others, avoided) - shareHolding(charset, length, others, [...avoided, next]);
};

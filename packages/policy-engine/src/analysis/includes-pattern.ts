import { type Alphabet, includesSequence, type Step } from './includes-sequence.ts';

const characters: Alphabet<string> = { covers: (wide, narrow) => wide === '?' || wide === narrow, any: '?' };

const charactersOf = (segment: string): Step<string>[] =>
  segment === '*' ? ['?', 'gap'] : Array.from(segment, (character) => (character === '*' ? 'gap' : character));

const isLiteral = (segment: string): boolean => !segment.includes('*') && !segment.includes('?');

const includesSegment = (wide: string, narrow: string): boolean => {
  if (wide === narrow || wide === '*') return true;
  if (isLiteral(wide)) return false;
  return includesSequence(charactersOf(wide), charactersOf(narrow), characters);
};

const segments: Alphabet<string> = { covers: includesSegment, any: '*' };

/** `**` at either end stands for at least one segment, in the middle for any number (rest-api-core 6.2). */
const segmentsOf = (pattern: string): Step<string>[] => {
  const all = pattern.split('/');
  return all.flatMap((segment, index): Step<string>[] => {
    if (segment !== '**') return [segment];
    return index === 0 || index === all.length - 1 ? ['*', 'gap'] : ['gap'];
  });
};

/**
 * True when every path that the pattern `narrow` matches is matched by `wide` too. Both are sound patterns
 * (rest-api-core 6.2). False may also mean that it was too hard to see; true is never wrong.
 */
export const includesPattern = (wide: string, narrow: string): boolean => {
  if (wide === narrow || wide === '**') return true;
  return includesSequence(segmentsOf(wide), segmentsOf(narrow), segments);
};

/** Says whether one path segment fits one pattern segment. */
export type SegmentMatcher = (segment: string) => boolean;

const star = 0x2a;
const questionMark = 0x3f;

/**
 * Greedy with one way back: on a mismatch only the last star grows by a character. An earlier star never needs to,
 * because what follows it has already been found as far left as it can be. Time is pattern × segment at worst.
 */
const matchesWildcards = (pattern: string, segment: string): boolean => {
  let p = 0;
  let s = 0;
  let lastStar = -1;
  let resumeAt = 0;
  while (s < segment.length) {
    const wanted = p < pattern.length ? pattern.charCodeAt(p) : -1;
    if (wanted === star) {
      lastStar = p++;
      resumeAt = s;
    } else if (wanted === questionMark || wanted === segment.charCodeAt(s)) {
      p++;
      s++;
    } else if (lastStar !== -1) {
      p = lastStar + 1;
      s = ++resumeAt;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern.charCodeAt(p) === star) p++;
  return p === pattern.length;
};

/** Compiles one pattern segment other than `**`; as a whole segment `*` needs at least one character. */
export const compileSegment = (pattern: string): SegmentMatcher => {
  if (pattern === '*') return (segment) => segment.length > 0;
  if (!pattern.includes('*') && !pattern.includes('?')) return (segment) => segment === pattern;
  return (segment) => matchesWildcards(pattern, segment);
};

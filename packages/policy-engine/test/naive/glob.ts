/** One segment, in the plainest words: `?` is one character, `*` is any number of them. */
const matchesSegment = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern[0] === '*') {
    return matchesSegment(rest, text) || (text !== '' && matchesSegment(pattern, text.slice(1)));
  }
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && matchesSegment(rest, text.slice(1));
};

const soundPattern = (pattern: string): boolean =>
  pattern.length <= 512 &&
  pattern.split('/').length <= 10 &&
  pattern
    .split('/')
    .every((segment) => segment === '**' || (/^[a-z0-9_.*?-]+$/.test(segment) && !segment.includes('**')));

/** rest-api-core 6.2, exponential and all; undefined for a pattern that the contract refuses. */
export const naiveGlob = (pattern: string, path: string): boolean | undefined => {
  if (!soundPattern(pattern)) return undefined;
  const steps = pattern.split('/');
  const walk = (index: number, segments: readonly string[]): boolean => {
    const step = steps[index];
    if (step === undefined) return segments.length === 0;
    if (step === '**') {
      // Between segments zero or more; at either end one or more.
      const least = index === 0 || index === steps.length - 1 ? 1 : 0;
      return segments.concat('').some((_segment, taken) => taken >= least && walk(index + 1, segments.slice(taken)));
    }
    const [head, ...tail] = segments;
    if (head === undefined) return false;
    return (step === '*' ? head.length > 0 : matchesSegment(step, head)) && walk(index + 1, tail);
  };
  return walk(0, path.split('/'));
};

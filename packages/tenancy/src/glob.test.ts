import { VaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.ts';

/** The meaning of a pattern in the plainest words, exponential and all. */
const naiveSegment = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern[0] === '*') return naiveSegment(rest, text) || (text !== '' && naiveSegment(pattern, text.slice(1)));
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naiveSegment(rest, text.slice(1));
};

const naiveGlob = (pattern: string, path: string): boolean => {
  const all = pattern.split('/');
  const walk = (index: number, segments: readonly string[]): boolean => {
    const step = all[index];
    if (step === undefined) return segments.length === 0;
    const [head, ...tail] = segments;
    if (step === '**') {
      const least = index === 0 || index === all.length - 1 ? 1 : 0;
      for (let taken = least; taken <= segments.length; taken++) {
        if (walk(index + 1, segments.slice(taken))) return true;
      }
      return false;
    }
    if (head === undefined || (step === '*' && head === '')) return false;
    return naiveSegment(step, head) && walk(index + 1, tail);
  };
  return walk(0, path.split('/'));
};

describe('compileGlob', () => {
  it.each([
    [1, 'app/db', 'app/db', true],
    [2, 'app/db', 'app/db/password', false],
    [3, 'app/db', 'my/app/db', false],
    [4, 'app/db/*', 'app/db/password', true],
    [5, 'app/db/*', 'app/db/x/y', false],
    [6, 'app/db/*', 'app/db', false],
    [7, 'app/**', 'app/db', true],
    [8, 'app/**', 'app/db/x/y/z', true],
    [9, 'app/**', 'app', false],
    [10, 'app/**', 'apple/db', false],
    [11, 'app/**', 'other/app/db', false],
    [12, '**/ssl/*', 'app/ssl/cert', true],
    [13, '**/ssl/*', 'a/b/ssl/key', true],
    [14, '**/ssl/*', 'ssl/cert', false],
    [15, '**/ssl/*', 'app/ssl/x/key', false],
    [16, 'app/**/password', 'app/password', true],
    [17, 'app/**/password', 'app/a/b/password', true],
    [18, 'app/**/password', 'app/a/passwords', false],
    [19, '**', 'app', true],
    [20, '**', 'a/b/c/d/e/f/g/h/i/j', true],
    [21, '*', 'app', true],
    [22, '*', 'app/db', false],
    [23, '*/*', 'app/db', true],
    [24, 'app/*/key', 'app/eu/key', true],
    [25, 'app/*/key', 'app/key', false],
    [26, 'app/db-?', 'app/db-1', true],
    [27, 'app/db-?', 'app/db-', false],
    [28, 'app/db-?', 'app/db-10', false],
    [29, 'app?db', 'app/db', false],
    [30, 'app/db*', 'app/db', true],
    [31, 'app/db*', 'app/db-main', true],
    [32, 'app/db*', 'app/db/main', false],
    [33, '*-key', '-key', true],
    [34, 'a*b*c', 'axxbyyc', true],
    [35, '**/**', 'app', false],
    [36, 'a/**/**', 'a/b', true],
    [37, '**/db/**', 'db/x', false],
    [38, '**/db/**', 'a/db/db/x', true],
    [39, 'partner/**', 'partner/app/db', true],
    [40, '**', 'partner/app/db', true],
    [41, 'dynamic/pg/*', 'dynamic/pg/ro', true],
    [42, 'secrets/*.key', 'secrets/api', false],
  ])('example %i: %s against %s is %s', (_number, pattern, path, expected) => {
    expect(compileGlob(pattern).matches(path)).toBe(expected);
    expect(naiveGlob(pattern, path)).toBe(expected);
  });

  it.each([
    [43, '/app/*', 'slash'],
    [43, 'app/', 'slash'],
    [43, 'app//db', 'slash'],
    [43, '', 'empty'],
    [44, 'app**', 'double_star'],
    [44, 'app/**x', 'double_star'],
    [44, '***', 'double_star'],
    [45, 'App/*', 'character'],
    [45, 'app/[ab]', 'character'],
    [45, '{a,b}/x', 'character'],
    [45, '!app', 'character'],
    [46, 'a/b/c/d/e/f/g/h/i/j/k', 'too_many_segments'],
    [46, 'a'.repeat(513), 'too_long'],
    [45, 'app\n', 'character'],
  ])('example %i: %j is refused for %s', (_number, pattern, reason) => {
    let refused: unknown;
    try {
      compileGlob(pattern);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(VaultError);
    expect(refused).toMatchObject({ code: 'invalid_glob', details: { reason } });
  });

  it('agrees with the plain meaning, and its literal prefix is one, on all patterns and paths', () => {
    const patternSegment = fc.oneof(
      { weight: 2, arbitrary: fc.constant('**') },
      { weight: 3, arbitrary: fc.stringMatching(/^[ab*?]{1,4}$/).filter((text) => !text.includes('**')) },
    );
    const pattern = fc.array(patternSegment, { minLength: 1, maxLength: 5 }).map((all) => all.join('/'));
    const path = fc.stringMatching(/^[ab]{1,3}(\/[ab]{1,3}){0,5}$/);
    fc.assert(
      fc.property(pattern, path, (patternText, pathText) => {
        const glob = compileGlob(patternText);
        const matched = glob.matches(pathText);
        return matched === naiveGlob(patternText, pathText) && (!matched || pathText.startsWith(glob.literalPrefix));
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives nothing to a path with an empty segment, which no parser lets through', () => {
    expect(compileGlob('app/**').matches('app/')).toBe(false);
    expect(compileGlob('app/*').matches('app/')).toBe(false);
    expect(compileGlob('**').matches('')).toBe(false);
  });

  it('names the literal text in front of the first wildcard', () => {
    expect(compileGlob('app/db').literalPrefix).toBe('app/db');
    expect(compileGlob('app/db-?/x').literalPrefix).toBe('app/db-');
    expect(compileGlob('app/**/x').literalPrefix).toBe('app/');
    expect(compileGlob('**').literalPrefix).toBe('');
  });

  it('stays quick on patterns that make backtracking matchers explode', () => {
    const stars = compileGlob(`${'a*'.repeat(250)}b`);
    const gaps = compileGlob('**/a*a/**/a*a/**/a*a/**/a*b');
    const started = performance.now();
    expect(stars.matches('a'.repeat(512))).toBe(false);
    expect(gaps.matches(Array.from({ length: 10 }, () => 'a'.repeat(50)).join('/'))).toBe(false);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { includesPattern } from '../src/analysis/includes-pattern.ts';
import { anyPath, anyPattern } from './arbitraries.ts';
import { naiveGlob } from './naive/glob.ts';

it.each([
  ['**', 'a/b'],
  ['a/**', 'a/**/b'],
  ['a/**', 'a/*/b*'],
  ['**/b', '*/**/b'],
  ['a/**/b', 'a/*/x/b'],
  ['a*', 'ab*c'],
  ['*b*', '?b?'],
  ['*/**', '**/*'],
  ['a/**/**', 'a/**'],
  ['**/x/**', 'a/x/x/y'],
])('%s includes %s', (wide, narrow) => {
  expect(includesPattern(wide, narrow)).toBe(true);
});

it.each([
  ['a/*', 'a/**'],
  ['**/b', 'b'],
  ['a/**', 'a'],
  ['a/**', 'a*/b'],
  ['?b', '*b'],
  ['a*b', 'a*'],
  ['**/**', '*'],
  ['a/b', 'a/?'],
])('%s does not include %s', (wide, narrow) => {
  expect(includesPattern(wide, narrow)).toBe(false);
});

it('never claims more than is so, and sees it mostly', () => {
  let included = 0;
  fc.assert(
    fc.property(anyPattern, anyPattern, fc.array(anyPath, { minLength: 20, maxLength: 20 }), (wide, narrow, paths) => {
      if (!includesPattern(wide, narrow)) return;
      included += 1;
      for (const path of paths) if (naiveGlob(narrow, path)) expect(naiveGlob(wide, path), path).toBe(true);
    }),
    { numRuns: 10_000 },
  );
  expect(included).toBeGreaterThan(500);
});

it('gives up in time on patterns made to blow up', () => {
  const wide = `*a${'?'.repeat(200)}`;
  const narrow = '*a'.repeat(120);
  const started = performance.now();
  expect(includesPattern(wide, narrow)).toBe(false);
  expect(performance.now() - started).toBeLessThan(2_000);
});

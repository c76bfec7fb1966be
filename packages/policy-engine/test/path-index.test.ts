import { expect, it } from 'vitest';
import { compilePolicies } from '../src/index.ts';
import { rulesNear } from '../src/path-index.ts';
import { policy, rule } from './fixtures.ts';

const count = 2_000;
const near = (patternOf: (n: number) => string, path: string, permission: 'read' | 'write' = 'read'): number => {
  const records = Array.from({ length: count / 10 }, (_, p) =>
    policy(`p${p}`, { rules: Array.from({ length: 10 }, (_rule, n) => rule(patternOf(p * 10 + n), ['read'])) }),
  );
  const index = compilePolicies(records).pathIndex(permission);
  return rulesNear(index, path).reduce((sum, list) => sum + list.length, 0);
};

it.each<[string, (n: number) => string, string, number]>([
  ['whole paths', (n) => `env/prod/app-${n}`, 'env/prod/app-7', 1],
  ['directories', (n) => `env/prod/app-${n}/**`, 'env/prod/app-7/db', 1],
  ['beginnings of a name', (n) => `env/prod/app-${n}-*`, 'env/prod/app-7-db', 1],
  ['ends behind a wildcard', (n) => `**/key-${n}`, 'env/prod/key-7', 1],
  ['middles behind a wildcard', (n) => `**/app-${n}/*/key`, 'env/app-7/x/key', 1],
  ['another directory altogether', (n) => `env/prod/app-${n}/**`, 'env/stage/app-7/db', 0],
])('looks at next to none of two thousand rules that tell paths apart by %s', (_what, patternOf, path, expected) => {
  expect(near(patternOf, path)).toBe(expected);
});

it('looks at no rule about another permission', () => {
  expect(near(() => '**', 'env/prod', 'read')).toBe(count);
  expect(near(() => '**', 'env/prod', 'write')).toBe(0);
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkTree, formatViolation } from '../src/check-tree.ts';
import { readTree } from '../src/read-tree.ts';
import { rules } from '../src/rules.ts';

const nothing = { modules: 0, imports: 0 };
const fixture = (name: string) => readTree(join(import.meta.dirname, '../fixtures', name));

/** Each rule with the one place in fixtures/violations that breaks it. */
const planted: Readonly<Record<string, string>> = {
  readable: 'packages/broken/src/index.ts:1',
  'computed-import': 'packages/computed/src/index.ts:1',
  layer: 'services/alpha/src/domain/order.ts:2',
  'service-imports-service': 'services/beta/src/adapters/alpha.ts:1',
  'package-imports-service': 'packages/knows-service/src/index.ts:1',
  'package-inside': 'packages/reaches-inside/src/index.ts:1',
  'declared-dependency': 'packages/undeclared/src/index.ts:1',
  'package-cycle': 'packages/ring-a/package.json:1',
  'test-only-package': 'packages/ships-testkit/src/index.ts:1',
  'whole-contract': 'packages/takes-all/src/index.ts:1',
  'sql-in-store': 'services/alpha/src/app/list-orders.ts:1',
  'process-env': 'packages/reads-environment/src/index.ts:1',
  'no-barrel': 'services/alpha/src/rpc/index.ts:1',
  'vague-name': 'packages/names/src/utils/pad.ts:1',
  'kebab-case': 'packages/names/src/DataKey.ts:1',
  'main-size': 'services/alpha/src/main.ts:41',
  'file-size': 'packages/names/src/long.ts:401',
  'decision-number': 'packages/architecture/decisions/0003-third.md:1',
  'decision-shape': 'packages/architecture/decisions/0004-fourth.md:1',
};

describe('the rules', () => {
  const violations = checkTree(fixture('violations'), rules, nothing);

  it.each(rules.map(({ id }) => id))('%s reports its planted violation and nothing else', (id) => {
    const places = violations.filter(({ rule }) => rule === id).map(({ path, line }) => `${path}:${line}`);
    expect(places).toEqual([planted[id]]);
  });

  it('all have their planted violation, and no rule went missing', () => {
    expect(rules.map(({ id }) => id).toSorted()).toEqual(Object.keys(planted).toSorted());
  });

  it('report nothing in a tree that uses every permitted edge', () => {
    const clean = fixture('clean');
    expect(checkTree(clean, rules, nothing)).toEqual([]);
    expect(clean.modules.length).toBeGreaterThan(15);
  });

  it('say in one line where, which rule, what, how to fix it and why', () => {
    const violation = violations.find(({ rule }) => rule === 'layer');
    expect(violation && formatViolation(violation)).toMatch(
      /^services\/alpha\/src\/domain\/order\.ts:2 layer domain imports store \(.+\) — .+ports\.ts.+ \(.+alone\)$/,
    );
  });
});

describe('the floor', () => {
  const clean = fixture('clean');

  it.each([
    ['modules', { modules: clean.modules.length + 1, imports: 0 }],
    ['imports', { modules: 0, imports: 1000 }],
  ])('is a violation when fewer %s are read', (_, floor) => {
    expect(checkTree(clean, rules, floor).map(({ rule }) => rule)).toEqual(['floor']);
  });

  it('catches a checker that looks at an empty place', () => {
    const empty = readTree(join(import.meta.dirname, '../fixtures/clean/services/secrets'));
    expect(empty.modules).toEqual([]);
    expect(checkTree(empty, rules, { modules: 1, imports: 1 }).map(({ rule }) => rule)).toEqual(['floor']);
  });
});

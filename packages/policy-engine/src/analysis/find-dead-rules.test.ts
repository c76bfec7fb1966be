import { describe, expect, it } from 'vitest';
import type { RuleDocument } from '../rule-document.ts';
import { findDeadRules } from './find-dead-rules.ts';

const rule = (path_pattern: string, permissions: RuleDocument['permissions'], more: Partial<RuleDocument> = {}) => ({
  path_pattern,
  permissions,
  effect: 'allow' as const,
  conditions: null,
  ...more,
});
const policy = (id: string, rules: readonly RuleDocument[], boundUntilMs = Number.POSITIVE_INFINITY) => ({
  id,
  name: id,
  rules,
  boundUntilMs,
});
const find = (...rules: RuleDocument[]) =>
  findDeadRules([policy('p', rules)]).findings.map(({ ruleIndex, kind, because }) => [
    ruleIndex,
    kind,
    because.map((each) => each.ruleIndex),
  ]);
const deny = { effect: 'deny' } as const;

describe('a rule is never tried', () => {
  it('behind one that says the same of more, or the opposite', () => {
    expect(find(rule('app/**', ['read']), rule('app/db/*', ['read']))).toEqual([[1, 'redundant', [0]]]);
    expect(find(rule('app/**', ['admin']), rule('app/db', ['write'], deny))).toEqual([[1, 'contradicted', [0]]]);
  });

  it('behind several that together speak of all its permissions', () => {
    const first = [rule('app/**', ['read']), rule('**', ['write'], deny)];
    expect(find(...first, rule('app/db', ['read', 'write']))).toEqual([[2, 'contradicted', [0, 1].reverse()]]);
    expect(find(...first, rule('app/db', ['read', 'list']))).toEqual([]);
    expect(find(...first, rule('app/db', ['admin']))).toEqual([]);
  });

  it('behind one whose conditions hold whenever its own do', () => {
    const mfa = { require_mfa: true, mfa_max_age: '1h' } as const;
    const strict = { require_mfa: true, mfa_max_age: '5m', ip_ranges: ['10.0.0.0/8'] } as const;
    expect(find(rule('**', ['read'], { conditions: mfa }), rule('a', ['read'], { conditions: strict }))).toHaveLength(
      1,
    );
    expect(find(rule('**', ['read'], { conditions: strict }), rule('a', ['read'], { conditions: mfa }))).toEqual([]);
    expect(find(rule('**', ['read'], { conditions: mfa }), rule('a', ['read']))).toEqual([]);
  });

  it('when it holds what this version cannot read', () => {
    const odd = { geo_fence: ['nl'] } as unknown as RuleDocument['conditions'];
    expect(find(rule('a', ['read'], { conditions: odd }))).toEqual([[0, 'unreadable', []]]);
    // An unreadable denial always denies, so it hides what comes behind it.
    expect(find(rule('a', ['read'], { conditions: odd, ...deny }), rule('a', ['read']))).toEqual([
      [1, 'contradicted', [0]],
    ]);
  });

  it('but not behind one that matches fewer paths, or comes later', () => {
    expect(find(rule('app/*', ['read']), rule('app/**', ['read']))).toEqual([]);
    expect(find(rule('app/db', ['read']), rule('app/**', ['read']))).toEqual([]);
  });
});

describe('across the policies of one identity', () => {
  it('a rule behind another policy is never tried, unless that binding ends before its own', () => {
    const [first, second] = [[rule('**', ['read'], deny)], [rule('a', ['read'])]];
    const finding = { policyId: 'b', ruleIndex: 0, kind: 'contradicted', because: [{ policyId: 'a', ruleIndex: 0 }] };
    expect(findDeadRules([policy('a', first), policy('b', second)], 'user').findings).toMatchObject([finding]);
    expect(findDeadRules([policy('a', first, 10), policy('b', second, 10)], 'user').findings).toHaveLength(1);
    expect(findDeadRules([policy('a', first, 9), policy('b', second, 10)], 'user').findings).toEqual([]);
  });

  it('knows what kind of identity it is', () => {
    const robots = rule('**', ['read'], { conditions: { identity_types: ['service_account'] } });
    const all = [policy('a', [robots, rule('a', ['read'])])];
    expect(findDeadRules(all, 'user').findings).toMatchObject([{ ruleIndex: 0, kind: 'other_identity_type' }]);
    expect(findDeadRules(all, 'service_account').findings).toMatchObject([{ ruleIndex: 1, kind: 'redundant' }]);
    expect(findDeadRules(all).findings).toEqual([]);
  });
});

it('says so when there was too much to compare', () => {
  const looser = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      rule('a/*', ['read'], { conditions: { token_max_age: `${index + 1}s` } }),
    );
  expect(findDeadRules([policy('p', looser(100))])).toEqual({ findings: [], isComplete: true });
  expect(findDeadRules([policy('p', looser(700))])).toEqual({ findings: [], isComplete: false });
});

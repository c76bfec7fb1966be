import { compileGlob } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { compilePolicies, evaluate, evaluatorFor, type PolicyRecord, type PolicySubject } from '../src/index.ts';
import { alice, boundTo, minute, noon, policy, request, rule } from './fixtures.ts';

const decide = (records: PolicyRecord[], asked = request(), subject = alice) =>
  evaluate(compilePolicies(records), subject, asked);

describe('the worked example of the contract', () => {
  const bundle = compilePolicies([
    policy('office', {
      createdAtMs: 1,
      rules: [rule('env/prod/app/*', ['read'], { conditions: { ip_ranges: ['10.0.0.0/8'] } })],
    }),
    policy('sre', {
      bindings: [boundTo('group:sre')],
      rules: [
        rule('env/prod/**', ['read', 'list'], { conditions: { require_mfa: true } }),
        rule('env/*/app/**', ['list']),
      ],
    }),
    policy('guard', {
      priority: 10,
      bindings: [boundTo('group:sre')],
      rules: [
        rule('env/prod/payments/**', ['read', 'write', 'delete', 'rotate'], {
          effect: 'deny',
          conditions: { identity_types: ['user'] },
        }),
      ],
    }),
  ]);
  const deploy: PolicySubject = { ...alice, identityType: 'service_account', identityId: 'sa:deploy' };
  const denied = { allowed: false, reason: 'denied_by_rule', code: 'access_denied', policyName: 'guard' };
  const nothing = { allowed: false, reason: 'no_matching_rule', code: 'access_denied', failedCondition: null };
  const needsMfa = {
    allowed: false,
    reason: 'condition_failed',
    code: 'mfa_required',
    failedCondition: 'require_mfa',
    mfaMaxAge: '15m',
    policyName: 'sre',
    ruleIndex: 0,
  };
  const bySre = (ruleIndex: number) => ({ allowed: true, policyName: 'sre', ruleIndex });

  it.each([
    ['read', 'env/prod/payments/key', 1, null, alice, denied],
    ['read', 'env/prod/app/db', 3, null, alice, bySre(0)],
    ['read', 'env/prod/app/db', null, '10.1.2.3', alice, { allowed: true, policyName: 'office', ruleIndex: 0 }],
    ['read', 'env/prod/app/db', null, '203.0.113.9', alice, needsMfa],
    ['list', 'env/staging/app/db', null, null, alice, bySre(1)],
    ['list', 'env/prod/payments/key', null, null, alice, needsMfa],
    ['write', 'env/prod/app/db', 3, null, alice, nothing],
    ['read', 'env/prod', 3, null, alice, nothing],
    ['read', 'env/prod/payments/key', null, null, deploy, needsMfa],
  ] as const)('%s %s, second factor %s min ago, from %s', (permission, path, mfaAge, sourceIp, subject, expected) => {
    const mfaVerifiedAtMs = mfaAge === null ? null : noon - mfaAge * minute;
    expect(
      evaluate(bundle, subject, request({ permission, path, sourceIp, token: { mfaVerifiedAtMs } })),
    ).toMatchObject(expected);
  });
});

describe('the order of policies', () => {
  const denies = [rule('**', ['read'], { effect: 'deny' })];

  it('goes by priority, and a partner may set guard rails below zero', () => {
    const guard = policy('guard', { priority: -5, scope: 'partner', createdAtMs: 9, rules: denies });
    expect(decide([policy('open', { priority: 0 }), guard])).toMatchObject({ policyName: 'guard' });
  });

  it('goes by time of creation within a priority', () => {
    expect(decide([policy('a', { createdAtMs: 2, rules: denies }), policy('b', { createdAtMs: 1 })])).toMatchObject({
      allowed: true,
      policyName: 'b',
    });
  });

  it('goes by id within an instant', () => {
    expect(decide([policy('b', { rules: denies }), policy('a')])).toMatchObject({ allowed: true, policyName: 'a' });
  });

  it('goes by the document within a policy', () => {
    const rules = [rule('app/*', ['read']), rule('**', ['read'], { effect: 'deny' })];
    expect(decide([policy('a', { rules })])).toMatchObject({ allowed: true, ruleIndex: 0 });
    expect(decide([policy('a', { rules: rules.toReversed() })])).toMatchObject({ allowed: false, ruleIndex: 0 });
  });

  it('is the same when the rules around the path are fewer than the policies of the caller', () => {
    const elsewhere = Array.from({ length: 50 }, (_, index) =>
      policy(`x${index}`, { priority: 1, rules: [rule(`other-${index}/**`, ['admin'])] }),
    );
    const wide = policy('wide', { priority: 2, rules: [rule('**', ['read'])] });
    const narrow = policy('narrow', { priority: 3, rules: [rule('app/db', ['read'], { effect: 'deny' })] });
    expect(decide([...elsewhere, narrow, wide])).toMatchObject({ allowed: true, policyName: 'wide' });
    expect(decide([...elsewhere, { ...narrow, priority: 1.5 }, wide])).toMatchObject({ policyName: 'narrow' });
  });
});

describe('permissions', () => {
  it('do not imply one another, except that admin is all of them', () => {
    const withRule = (permission: 'write' | 'admin') => [policy('a', { rules: [rule('**', [permission])] })];
    expect(decide(withRule('write')).allowed).toBe(false);
    expect(decide(withRule('admin')).allowed).toBe(true);
    expect(decide(withRule('write'), request({ permission: 'admin' })).allowed).toBe(false);
  });

  it('of a deny rule with admin are all of them too', () => {
    const rules = [rule('**', ['admin'], { effect: 'deny' }), rule('**', ['read'])];
    expect(decide([policy('a', { rules })])).toMatchObject({ reason: 'denied_by_rule' });
  });
});

describe('bindings', () => {
  const allows = (binding: ReturnType<typeof boundTo>, subject = alice) =>
    decide([policy('a', { bindings: [binding] })], request(), subject).allowed;

  it('hold for the identity and for its groups, and for nobody else', () => {
    expect(allows(boundTo('user:alice'))).toBe(true);
    expect(allows(boundTo('group:sre'))).toBe(true);
    expect(allows(boundTo('user:bob'))).toBe(false);
    expect(allows(boundTo('group:dev'))).toBe(false);
  });

  it('end at the instant they expire', () => {
    expect(allows(boundTo('user:alice', { expiresAtMs: noon + 1 }))).toBe(true);
    expect(allows(boundTo('user:alice', { expiresAtMs: noon }))).toBe(false);
  });

  it('hold while any one of several is alive', () => {
    const bindings = [
      boundTo('user:alice', { expiresAtMs: noon - 1 }),
      boundTo('group:sre', { expiresAtMs: noon + 1 }),
    ];
    expect(decide([policy('a', { bindings })]).allowed).toBe(true);
    const renewed = [boundTo('user:alice'), boundTo('user:alice', { expiresAtMs: noon - 1 })];
    expect(decide([policy('a', { bindings: renewed })]).allowed).toBe(true);
  });

  it('follow the pinned subject through a change of name', () => {
    expect(allows(boundTo('user:alice-before-marriage', { subjectId: 'usr_1' }))).toBe(true);
    expect(allows(boundTo('group:ops-of-old', { subjectId: 'grp_1' }))).toBe(true);
  });

  it('give a recycled name nothing', () => {
    expect(allows(boundTo('user:alice', { subjectId: 'usr_0' }))).toBe(false);
    expect(allows(boundTo('group:sre', { subjectId: 'grp_0' }))).toBe(false);
    expect(allows(boundTo('user:alice', { subjectId: 'usr_1' }), { ...alice, subjectId: null })).toBe(false);
  });

  it('tell types apart, in names and in pins', () => {
    expect(allows(boundTo('user:alice', { identityType: 'service_account' }))).toBe(false);
    expect(allows(boundTo('group:sre', { identityType: 'user' }))).toBe(false);
    expect(allows(boundTo('x', { identityType: 'user', subjectId: 'grp_1' }))).toBe(false);
  });
});

describe('the built-in policy of tenant admins', () => {
  const admin: PolicySubject = { ...alice, isTenantAdmin: true };

  it('allows what nothing else decides, a remembered condition included', () => {
    const byRole = { allowed: true, policyId: 'builtin:tenant_admin', ruleIndex: null };
    expect(decide([], request({ permission: 'admin', path: 'pki/web' }), admin)).toMatchObject(byRole);
    const conditional = policy('a', { rules: [rule('**', ['read'], { conditions: { require_mfa: true } })] });
    expect(decide([conditional], request(), admin)).toMatchObject(byRole);
  });

  it('gives way to an explicit denial, whatever its priority', () => {
    const deny = policy('deny', { priority: 1000, rules: [rule('**', ['read'], { effect: 'deny' })] });
    expect(decide([deny], request(), admin)).toMatchObject({ allowed: false, policyName: 'deny' });
  });
});

describe('paths a token is limited to', () => {
  const limited = (...patterns: string[]) => request({ token: { allowedPaths: patterns.map(compileGlob) } });

  it('narrow even an admin, before any policy', () => {
    expect(decide([policy('a')], limited('other/**'), { ...alice, isTenantAdmin: true })).toEqual({
      allowed: false,
      reason: 'allowed_paths',
      code: 'access_denied',
      failedCondition: 'allowed_paths',
      mfaMaxAge: null,
      policyId: null,
      policyName: null,
      ruleIndex: null,
    });
    expect(decide([policy('a')], limited()).allowed).toBe(false);
  });

  it('grant nothing by themselves', () => {
    expect(decide([policy('a')], limited('other/**', 'app/*')).allowed).toBe(true);
    expect(decide([], limited('**')).allowed).toBe(false);
  });
});

describe('a remembered condition', () => {
  const mfa = { conditions: { require_mfa: true, mfa_max_age: '5m' } } as const;
  const office = { conditions: { ip_ranges: ['10.0.0.0/8'] } } as const;

  it('is the first one of an allow rule', () => {
    const rules = [rule('**', ['read'], mfa), rule('**', ['read'], office)];
    expect(decide([policy('a', { rules })])).toMatchObject({ code: 'mfa_required', mfaMaxAge: '5m', ruleIndex: 0 });
    expect(decide([policy('a', { rules: rules.toReversed() })])).toMatchObject({
      code: 'ip_not_allowed',
      failedCondition: 'ip_ranges',
      mfaMaxAge: null,
    });
  });

  it('is never one of a deny rule', () => {
    const rules = [rule('**', ['read'], { ...mfa, effect: 'deny' })];
    expect(decide([policy('a', { rules })])).toMatchObject({ reason: 'no_matching_rule', failedCondition: null });
  });

  it('does not keep a later rule from denying', () => {
    const rules = [rule('**', ['read'], mfa), rule('app/*', ['read'], { effect: 'deny' })];
    expect(decide([policy('a', { rules })])).toMatchObject({ reason: 'denied_by_rule', ruleIndex: 1 });
  });
});

describe('evaluatorFor', () => {
  it('judges many paths of one caller, each by itself and at its own time', () => {
    const bundle = compilePolicies([
      policy('a', { rules: [rule('app/**', ['list'])], bindings: [boundTo('user:alice', { expiresAtMs: noon + 5 })] }),
    ]);
    const judge = evaluatorFor(bundle, alice);
    const visible = ['app/db', 'app/x/y', 'other', 'app'].filter(
      (path) => judge(request({ permission: 'list', path })).allowed,
    );
    expect(visible).toEqual(['app/db', 'app/x/y']);
    expect(judge(request({ permission: 'list', nowMs: noon + 5 })).allowed).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { type Conditions, compilePolicies, evaluate, type PolicySubject, parseRules } from '../src/index.ts';
import { alice, minute, noon, policy, request, rule } from './fixtures.ts';

/** Goes through the parser first, as every stored condition did. */
const decide = (conditions: unknown, asked = request(), subject: PolicySubject = alice) => {
  const rules = parseRules([{ path_pattern: '**', permissions: ['read'], conditions }]);
  return evaluate(compilePolicies([policy('a', { rules })]), subject, asked);
};

describe('ip_ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.9', false],
    ['::/0', '::ffff:203.0.113.9', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::1', '2001:DB8:0::1', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:0.0.0.0/96', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['10.0.0.0/8', '012.1.2.3', false],
    ['0.0.0.0/0', 'not an address', false],
    ['0.0.0.0/0', null, false],
  ])('%s holds for %s: %s', (block, sourceIp, expected) => {
    const decision = decide({ ip_ranges: ['198.51.100.1', block] }, request({ sourceIp }));
    expect(decision.allowed).toBe(expected);
    if (!expected) expect(decision).toMatchObject({ code: 'ip_not_allowed', failedCondition: 'ip_ranges' });
  });
});

describe('identity_types', () => {
  it('looks at the caller, not at the group that is bound', () => {
    const robot: PolicySubject = { ...alice, identityType: 'service_account' };
    const viaGroup = { ...robot, identityId: 'sa:x' };
    const rules = [rule('**', ['read'], { conditions: { identity_types: ['user'] } })];
    const bindings = [{ identityType: 'group', identityId: 'group:sre', subjectId: null, expiresAtMs: null }] as const;
    const bundle = compilePolicies([policy('a', { rules, bindings })]);
    expect(evaluate(bundle, alice, request()).allowed).toBe(true);
    expect(evaluate(bundle, viaGroup, request())).toMatchObject({
      code: 'access_denied',
      failedCondition: 'identity_types',
    });
  });
});

describe('token_max_age', () => {
  it.each([
    [noon - 60 * minute, true],
    [noon - 60 * minute - 1, false],
    [null, false],
  ])('of one hour with a token issued at %s: %s', (issuedAtMs, expected) => {
    const decision = decide({ token_max_age: '1h' }, request({ token: { issuedAtMs } }));
    expect(decision.allowed).toBe(expected);
    if (!expected) expect(decision).toMatchObject({ code: 'access_denied', failedCondition: 'token_max_age' });
  });
});

describe('require_mfa', () => {
  it.each([
    [{ require_mfa: true }, 15, true],
    [{ require_mfa: true }, 16, false],
    [{ require_mfa: true }, null, false],
    [{ require_mfa: true, mfa_max_age: '1h' }, 60, true],
    [{ require_mfa: true, mfa_max_age: '1h' }, 61, false],
  ])('%j with a factor shown %s minutes ago: %s', (conditions, age, expected) => {
    const mfaVerifiedAtMs = age === null ? null : noon - age * minute;
    const decision = decide(conditions, request({ token: { mfaVerifiedAtMs } }));
    expect(decision.allowed).toBe(expected);
    if (!expected) {
      const mfaMaxAge = 'mfa_max_age' in conditions ? conditions.mfa_max_age : '15m';
      expect(decision).toMatchObject({ code: 'mfa_required', failedCondition: 'require_mfa', mfaMaxAge });
    }
  });
});

describe('what is not known about a token', () => {
  it.each([{ token_max_age: '1h' }, { require_mfa: true }])(
    'counts against the caller at any time: %j',
    (conditions) => {
      expect(decide(conditions, request({ nowMs: 0 })).allowed).toBe(false);
    },
  );
});

describe('time_window', () => {
  const officeHours = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '09:00', end: '17:30' };
  const fridayNight = { days: ['fri'], start: '22:00', end: '06:00' };
  const thursday = { days: ['thu'], start: '08:00', end: '08:00' };
  const newYork = { start: '09:00', end: '17:00', timezone: 'America/New_York' };

  it.each([
    [officeHours, '2026-04-23T09:00:00Z', true],
    [officeHours, '2026-04-23T08:59:59.999Z', false],
    [officeHours, '2026-04-23T17:29:59Z', true],
    [officeHours, '2026-04-23T17:30:00Z', false],
    [officeHours, '2026-04-25T12:00:00Z', false],
    [fridayNight, '2026-04-24T22:00:00Z', true],
    [fridayNight, '2026-04-25T05:59:00Z', true],
    [fridayNight, '2026-04-25T06:00:00Z', false],
    [fridayNight, '2026-04-24T05:00:00Z', false],
    [fridayNight, '2026-04-25T23:00:00Z', false],
    [{ days: ['sat'], start: '22:00', end: '06:00' }, '2026-04-26T03:00:00Z', true],
    [thursday, '2026-04-23T00:00:00Z', true],
    [thursday, '2026-04-23T23:59:59Z', true],
    [thursday, '2026-04-24T00:00:00Z', false],
    [{ start: '00:00', end: '00:00' }, '2026-04-25T03:00:00Z', true],
    // New York is five hours behind in winter and four in summer.
    [newYork, '2026-01-15T13:30:00Z', false],
    [newYork, '2026-01-15T14:00:00Z', true],
    [newYork, '2026-07-15T13:30:00Z', true],
    [newYork, '2026-07-15T21:00:00Z', false],
    // The hour that daylight saving skips (02:00 to 03:00 on 29 March in Paris) never comes.
    [{ start: '02:00', end: '03:00', timezone: 'Europe/Paris' }, '2026-03-29T00:59:00Z', false],
    [{ start: '02:00', end: '03:00', timezone: 'Europe/Paris' }, '2026-03-29T01:00:00Z', false],
    // And the one it repeats on 25 October comes twice.
    [{ start: '02:00', end: '03:00', timezone: 'Europe/Paris' }, '2026-10-25T00:30:00Z', true],
    [{ start: '02:00', end: '03:00', timezone: 'Europe/Paris' }, '2026-10-25T01:30:00Z', true],
    // Another day already, or still, in the zone.
    [{ days: ['fri'], start: '01:00', end: '02:00', timezone: 'Asia/Kolkata' }, '2026-04-23T20:00:00Z', true],
    [{ days: ['wed'], start: '23:00', end: '23:59', timezone: 'Pacific/Honolulu' }, '2026-04-23T09:30:00Z', true],
  ])('%j at %s: %s', (time_window, at, expected) => {
    const decision = decide({ time_window }, request({ nowMs: Date.parse(at) }));
    expect(decision.allowed).toBe(expected);
    if (!expected) expect(decision).toMatchObject({ code: 'time_window_violation', failedCondition: 'time_window' });
  });
});

describe('several conditions', () => {
  const all = {
    require_mfa: true,
    token_max_age: '1h',
    time_window: { start: '11:00', end: '13:00' },
    identity_types: ['user'],
    ip_ranges: ['10.0.0.0/8'],
  };
  const good = { sourceIp: '10.0.0.1', nowMs: noon };
  const goodToken = { issuedAtMs: noon, mfaVerifiedAtMs: noon };

  it('must all hold', () => {
    expect(decide(all, request({ ...good, token: goodToken })).allowed).toBe(true);
  });

  it('are tried in a fixed order, the second factor last', () => {
    const robot: PolicySubject = {
      ...alice,
      identityType: 'service_account',
      groups: [],
      identityId: 'sa:x',
    };
    const rules = parseRules([{ path_pattern: '**', permissions: ['read'], conditions: all }]);
    const bindings = [
      { identityType: 'user', identityId: 'user:alice', subjectId: null, expiresAtMs: null },
      { identityType: 'service_account', identityId: 'sa:x', subjectId: null, expiresAtMs: null },
    ] as const;
    const bundle = compilePolicies([policy('a', { rules, bindings })]);
    const failed = (subject: PolicySubject, asked: Parameters<typeof request>[0]) => {
      const decision = evaluate(bundle, subject, request(asked));
      return decision.allowed ? null : decision.failedCondition;
    };
    const midnight = noon + 12 * 60 * minute;
    expect(failed(robot, { sourceIp: null, nowMs: midnight })).toBe('ip_ranges');
    expect(failed(robot, { sourceIp: '10.0.0.1', nowMs: midnight })).toBe('identity_types');
    expect(failed(alice, { sourceIp: '10.0.0.1', nowMs: midnight })).toBe('time_window');
    expect(failed(alice, good)).toBe('token_max_age');
    expect(failed(alice, { ...good, token: { issuedAtMs: noon } })).toBe('require_mfa');
  });
});

describe('a stored rule that this version cannot read', () => {
  const unreadable = [
    ['an unknown name', { geo_fence: ['nl'] }, 'geo_fence'],
    ['an unknown name beside conditions that hold', { identity_types: ['user'], geo_fence: ['nl'] }, 'geo_fence'],
    ['an unknown name beside one that fails', { require_mfa: true, geo_fence: ['nl'] }, 'geo_fence'],
    ['a known name with a new value', { ip_ranges: ['country:nl'] }, 'conditions'],
    ['a new field in a window', { time_window: { start: '00:00', end: '00:00', weeks: [1] } }, 'conditions'],
    ['require_mfa: false', { require_mfa: false }, 'conditions'],
    ['no object at all', ['x'], 'conditions'],
  ] as const;

  const decideStored = (effect: 'allow' | 'deny', conditions: unknown) => {
    const stored = rule('app/*', ['read'], { effect, conditions: conditions as Conditions });
    return evaluate(compilePolicies([policy('a', { rules: [stored, rule('**', ['write'])] })]), alice, request());
  };

  it.each(unreadable)('with %s never allows', (_what, conditions, failedCondition) => {
    expect(decideStored('allow', conditions)).toMatchObject({
      allowed: false,
      code: 'access_denied',
      reason: 'condition_failed',
    });
    if (!Array.isArray(conditions)) expect(decideStored('allow', conditions)).toMatchObject({ failedCondition });
  });

  it.each(unreadable)('with %s always denies', (_what, conditions) => {
    expect(decideStored('deny', conditions)).toMatchObject({ allowed: false, reason: 'denied_by_rule', ruleIndex: 0 });
  });

  it('denies with a pattern it cannot read, and does not allow with one', () => {
    const withPattern = (effect: 'allow' | 'deny') =>
      evaluate(
        compilePolicies([policy('a', { rules: [rule('{a,b}/x', ['read'], { effect }), rule('zzz', ['read'])] })]),
        alice,
        request(),
      );
    expect(withPattern('allow').allowed).toBe(false);
    expect(withPattern('deny')).toMatchObject({ reason: 'denied_by_rule' });
  });

  it('denies with an effect it does not know', () => {
    const odd = rule('**', ['read'], { effect: 'audit' as 'allow' });
    expect(evaluate(compilePolicies([policy('a', { rules: [odd] })]), alice, request()).allowed).toBe(false);
  });
});

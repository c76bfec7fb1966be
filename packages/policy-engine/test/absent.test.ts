import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conditions, compilePolicies, evaluate, evaluatorFor, explain, type PolicyRecord } from '../src/index.ts';
import { anyPolicies, anyRequests, anySubject } from './arbitraries.ts';
import { alice, policy, request, rule } from './fixtures.ts';

const absent = request({ permission: 'list', isAbsent: true });
const decide = (records: PolicyRecord[], asked = absent) => evaluate(compilePolicies(records), alice, asked);

const aboutRequest: readonly Conditions[] = [
  { ip_ranges: ['::/0', '0.0.0.0/0'] },
  { token_max_age: '10h' },
  { require_mfa: true, mfa_max_age: '10h' },
];

describe('a subject that is not there', () => {
  it.each(aboutRequest)('is allowed nothing by a rule with %j', (conditions) => {
    const rules = [rule('app/**', ['list'], { conditions })];
    expect(decide([policy('a', { rules })])).toMatchObject({
      allowed: false,
      failedCondition: Object.keys(conditions)[0],
    });
  });

  it.each(aboutRequest)('is denied by a rule with %j, whatever follows', (conditions) => {
    const rules = [rule('app/db', ['list'], { effect: 'deny', conditions }), rule('app/**', ['list'])];
    expect(decide([policy('a', { rules })])).toMatchObject({ allowed: false, reason: 'denied_by_rule', ruleIndex: 0 });
    // The same conditions stand in the way of an allowance and spare no denial, whichever is looked at first.
    const allowFirst = [rule('app/**', ['list'], { conditions }), ...rules];
    expect(decide([policy('a', { rules: allowFirst })])).toMatchObject({ reason: 'denied_by_rule', ruleIndex: 1 });
  });

  it('is judged by its identity and by the time like any other', () => {
    const allow = (conditions: Conditions) => decide([policy('a', { rules: [rule('**', ['list'], { conditions })] })]);
    const deny = (conditions: Conditions) =>
      decide([policy('a', { rules: [rule('**', ['list'], { effect: 'deny', conditions }), rule('**', ['list'])] })]);
    const atNight = { time_window: { start: '22:00', end: '06:00' } };
    const byDay = { time_window: { start: '06:00', end: '22:00' } };
    expect(allow({ identity_types: ['user'] }).allowed).toBe(true);
    expect(allow({ identity_types: ['service_account'] }).allowed).toBe(false);
    expect(allow(byDay).allowed).toBe(true);
    expect(allow(atNight).allowed).toBe(false);
    expect(deny({ identity_types: ['service_account'], require_mfa: true }).allowed).toBe(true);
    expect(deny({ ...atNight, token_max_age: '1h' }).allowed).toBe(true);
    expect(deny({ ...byDay, token_max_age: '1h' }).allowed).toBe(false);
  });

  it('is allowed nothing that some request of the same subject at that time would be refused', () => {
    let allowed = 0;
    fc.assert(
      fc.property(anyPolicies, anySubject, anyRequests, (records, subject, requests) => {
        const bundle = compilePolicies(records);
        const decideFor = evaluatorFor(bundle, subject);
        for (const { sourceIp, token, ...asked } of requests) {
          const nobody = { sourceIp: null, token: { issuedAtMs: null, mfaVerifiedAtMs: null, allowedPaths: null } };
          const unseen = { ...asked, ...nobody, isAbsent: true };
          const decision = decideFor(unseen);
          expect(explain(bundle, subject, unseen).allowed).toBe(decision.allowed);
          if (!decision.allowed) continue;
          allowed += 1;
          expect(decideFor({ ...asked, sourceIp, token: { ...token, allowedPaths: null } }).allowed).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect(allowed).toBeGreaterThan(100);
  });
});

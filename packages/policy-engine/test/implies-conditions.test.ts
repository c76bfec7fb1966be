import fc from 'fast-check';
import { expect, it } from 'vitest';
import { impliesConditions } from '../src/analysis/implies-conditions.ts';
import type { Conditions } from '../src/index.ts';
import { anyCircumstances, anyConditions } from './arbitraries.ts';
import { alice } from './fixtures.ts';
import { naiveFailure } from './naive/conditions.ts';

const night = { start: '22:00', end: '06:00' } as const;

it.each<[string, Conditions, Conditions]>([
  ['anything, nothing', { require_mfa: true }, {}],
  ['fewer addresses, more', { ip_ranges: ['10.0.0.1'] }, { ip_ranges: ['10.0.0.1', '::1'] }],
  ['one kind, both', { identity_types: ['user'] }, { identity_types: ['user', 'service_account'] }],
  ['fewer days, all', { time_window: { ...night, days: ['sat'] } }, { time_window: { ...night, timezone: 'UTC' } }],
  ['a younger token, an older one', { token_max_age: '59m' }, { token_max_age: '1h' }],
  ['a fresher factor, the usual one', { require_mfa: true, mfa_max_age: '900s' }, { require_mfa: true }],
])('%s: the first conditions imply the second, and not the other way round', (_what, narrow, wide) => {
  expect(impliesConditions(narrow, wide)).toBe(true);
  const isSame = JSON.stringify(narrow) === JSON.stringify({ require_mfa: true, mfa_max_age: '900s' });
  expect(impliesConditions(wide, narrow)).toBe(isSame);
});

it.each<[Conditions, Conditions]>([
  [{ ip_ranges: ['10.0.0.1'] }, { ip_ranges: ['10.0.0.2'] }],
  [{ time_window: night }, { time_window: { ...night, timezone: 'Europe/Paris' } }],
  [{ time_window: night }, { time_window: { ...night, end: '05:00' } }],
  [{ time_window: { ...night, days: ['sat'] } }, { time_window: { ...night, days: ['sun'] } }],
  [{ require_mfa: true }, { ip_ranges: ['10.0.0.1'] }],
  [{}, { require_mfa: true }],
])('%j do not imply %j', (narrow, wide) => {
  expect(impliesConditions(narrow, wide)).toBe(false);
});

it('is never wrong: where the first hold, the second hold', () => {
  let told = 0;
  const isReadable = (conditions: object | null) => conditions !== null && !('geo_fence' in conditions);
  const conditions = anyConditions.filter(isReadable) as fc.Arbitrary<Conditions>;
  const requests = fc.array(anyCircumstances, { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(conditions, conditions, requests, (narrow, wide, many) => {
      if (!impliesConditions(narrow, wide)) return;
      told += 1;
      for (const circumstances of many) {
        const request = { path: 'a', permission: 'read', ...circumstances } as const;
        const holds = (each: Conditions) => naiveFailure({ ...each }, alice, request) === undefined;
        if (holds(narrow)) expect(holds(wide)).toBe(true);
      }
    }),
    { numRuns: 4_500 },
  );
  // About one in twelve of those drawn; far fewer would mean that nothing was tried.
  expect(told).toBeGreaterThan(200);
});

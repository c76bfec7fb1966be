import { compileGlob } from '@scaivault/tenancy';
import fc from 'fast-check';
import {
  type Conditions,
  type PolicyRecord,
  type PolicyRequest,
  type PolicySubject,
  permissions,
  type RuleDocument,
} from '../src/index.ts';
import { minute, noon } from './fixtures.ts';

const segment = fc.constantFrom('a', 'b', 'ab', 'aba');
const patternSegment = fc.oneof(
  { weight: 6, arbitrary: segment },
  { weight: 5, arbitrary: fc.constantFrom('*', 'a*', '*b', '?', 'a?', '*b*') },
  { weight: 4, arbitrary: fc.constant('**') },
);
export const anyPath = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
export const anyPattern = fc
  .array(patternSegment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'));

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const present = (fields: object): Conditions =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const ranges = fc.constantFrom('10.0.0.0/8', '10.1.2.3', '::ffff:10.0.0.0/104', '::/0', '2001:db8::/32', '0.0.0.0/0');
const window = fc.record({
  days: fc.subarray(['wed', 'thu', 'fri'] as const, { minLength: 1 }),
  start: fc.constantFrom('00:00', '11:00', '12:00', '22:30'),
  end: fc.constantFrom('00:00', '12:00', '17:30'),
  timezone: fc.constantFrom('UTC', 'Europe/Paris', 'Asia/Kathmandu', 'Pacific/Chatham'),
});

/** What a stored rule may hold: nothing mostly, sound conditions, now and then a name of a newer version. */
export const anyConditions: fc.Arbitrary<Conditions | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  {
    weight: 7,
    arbitrary: fc
      .record({
        ip_ranges: optional(fc.uniqueArray(ranges, { minLength: 1, maxLength: 2 })),
        identity_types: optional(fc.subarray(['user', 'service_account'] as const, { minLength: 1 })),
        time_window: optional(window),
        token_max_age: optional(fc.constantFrom('1h', '30m')),
        mfa: optional(fc.constantFrom(null, '5m', '1h')),
      })
      .map(({ mfa, ...rest }) =>
        present({
          ...rest,
          ...(mfa === undefined ? {} : { require_mfa: true, mfa_max_age: mfa ?? undefined }),
        }),
      ),
  },
  { weight: 1, arbitrary: fc.constant({ identity_types: ['user'], geo_fence: ['nl'] } as Conditions) },
);

const rule: fc.Arbitrary<RuleDocument> = fc.record({
  path_pattern: fc.oneof({ weight: 30, arbitrary: anyPattern }, { weight: 1, arbitrary: fc.constant('{a,b}') }),
  permissions: fc.subarray([...permissions], { minLength: 1, maxLength: 4 }),
  effect: fc.constantFrom('allow', 'deny'),
  conditions: anyConditions,
});

const pin = fc.constantFrom(null, 'id1', 'id2');
const name = fc.constantFrom('x', 'y');
const binding = fc.record({
  identityType: fc.constantFrom('user', 'service_account', 'group'),
  identityId: name,
  subjectId: pin,
  expiresAtMs: fc.constantFrom(null, null, noon - 1, noon, noon + 1),
});

/** Up to a dozen policies, in any order, with priorities, times and ids that collide often. */
export const anyPolicies: fc.Arbitrary<PolicyRecord[]> = fc
  .array(
    fc.record({
      priority: fc.integer({ min: -1, max: 1 }),
      createdAtMs: fc.integer({ min: 0, max: 2 }),
      rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
      bindings: fc.array(binding, { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 12, size: 'max' },
  )
  .chain((drafts) =>
    fc
      .shuffledSubarray(
        drafts.map((_draft, index) => `pol_${index}`),
        { minLength: drafts.length },
      )
      .map((ids) =>
        drafts.map((draft, index) => ({ ...draft, id: ids[index] ?? '', name: `p${index}`, scope: 'tenant' as const })),
      ),
  );

export const anySubject: fc.Arbitrary<PolicySubject> = fc.record({
  identityType: fc.constantFrom('user', 'service_account'),
  identityId: name,
  subjectId: pin,
  groups: fc.array(fc.record({ identityId: name, subjectId: pin }), { maxLength: 3, size: 'max' }),
  isTenantAdmin: fc.constantFrom(true, false, false, false),
});

export const anyCircumstances = fc.record({
  sourceIp: fc.constantFrom(null, '10.1.2.3', '::ffff:10.9.9.9', '2001:db8::7', '198.51.100.1', 'nonsense'),
  nowMs: fc.constantFrom(noon, noon, noon - 90 * minute, noon + 11 * 60 * minute),
  token: fc.record({
    issuedAtMs: fc.constantFrom(null, noon, noon - 45 * minute),
    mfaVerifiedAtMs: fc.constantFrom(null, noon, noon - 12 * minute),
    allowedPaths: fc.constantFrom(null, null, null, [compileGlob('a/**'), compileGlob('*')]),
  }),
});

/** Some requests as the product of few paths, permissions and circumstances: many pairs for little drawing. */
export const anyRequests: fc.Arbitrary<PolicyRequest[]> = fc
  .tuple(
    fc.array(anyPath, { minLength: 6, maxLength: 6 }),
    fc.subarray([...permissions], { minLength: 3, maxLength: 3 }),
    fc.array(anyCircumstances, { minLength: 6, maxLength: 6 }),
  )
  .map(([paths, words, many]) =>
    paths.flatMap((path) => words.flatMap((permission) => many.map((each) => ({ path, permission, ...each })))),
  );

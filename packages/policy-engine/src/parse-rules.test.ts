import { VaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRules } from './parse-rules.ts';

const sound = { path_pattern: 'app/**', permissions: ['read'] };
const withConditions = (conditions: unknown) => [sound, { ...sound, conditions }];

const refusal = (input: unknown): VaultError => {
  try {
    parseRules(input);
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('parseRules', () => {
  it('fills in defaults', () => {
    expect(parseRules([sound])).toEqual([{ ...sound, effect: 'allow', conditions: null }]);
  });

  it('keeps a full rule as it was sent', () => {
    const full = {
      path_pattern: 'env/prod/**',
      permissions: ['read', 'list'],
      effect: 'deny',
      conditions: {
        ip_ranges: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
        identity_types: ['user'],
        time_window: { days: ['mon'], start: '22:00', end: '06:00', timezone: 'Europe/Amsterdam' },
        token_max_age: '1h30m',
        require_mfa: true,
        mfa_max_age: '5m',
      },
    };
    expect(parseRules([full])).toEqual([full]);
  });

  it.each<[string, unknown, string, string]>([
    ['no list', {}, 'rules', 'type'],
    ['nothing', undefined, 'rules', 'required'],
    ['an empty list', [], 'rules', 'length'],
    ['101 rules', Array(101).fill(sound), 'rules', 'length'],
    ['a rule that is no object', ['x'], 'rules[0]', 'type'],
    ['a rule that is null', [sound, null], 'rules[1]', 'type'],
    ['a misspelt field', [{ ...sound, condition: null }], 'rules[0].condition', 'unknown'],
    ['no pattern', [{ permissions: ['read'] }], 'rules[0].path_pattern', 'required'],
    ['a pattern of another type', [{ ...sound, path_pattern: 1 }], 'rules[0].path_pattern', 'type'],
    ['no permissions', [{ path_pattern: '**' }], 'rules[0].permissions', 'required'],
    ['empty permissions', [{ ...sound, permissions: [] }], 'rules[0].permissions', 'length'],
    ['an unknown permission', [{ ...sound, permissions: ['read', 'own'] }], 'rules[0].permissions[1]', 'enum'],
    ['an unknown effect', [{ ...sound, effect: 'Allow' }], 'rules[0].effect', 'enum'],
    ['conditions in a list', withConditions([]), 'rules[1].conditions', 'type'],
    ['ranges as text', withConditions({ ip_ranges: '::1' }), 'rules[1].conditions.ip_ranges', 'type'],
    ['no ranges', withConditions({ ip_ranges: [] }), 'rules[1].conditions.ip_ranges', 'length'],
    ['51 ranges', withConditions({ ip_ranges: Array(51).fill('::1') }), 'rules[1].conditions.ip_ranges', 'length'],
    ['a number as range', withConditions({ ip_ranges: [1] }), 'rules[1].conditions.ip_ranges[0]', 'type'],
    ['groups as type', withConditions({ identity_types: ['group'] }), 'rules[1].conditions.identity_types[0]', 'enum'],
    ['a window as text', withConditions({ time_window: '9-17' }), 'rules[1].conditions.time_window', 'type'],
    [
      'a window without end',
      withConditions({ time_window: { start: '09:00' } }),
      'rules[1].conditions.time_window.end',
      'required',
    ],
    [
      'a misspelt zone field',
      withConditions({ time_window: { start: '09:00', end: '17:00', time_zone: 'UTC' } }),
      'rules[1].conditions.time_window.time_zone',
      'unknown',
    ],
    [
      'an unknown day',
      withConditions({ time_window: { start: '09:00', end: '17:00', days: ['monday'] } }),
      'rules[1].conditions.time_window.days[0]',
      'enum',
    ],
    ['a number as age', withConditions({ token_max_age: 60 }), 'rules[1].conditions.token_max_age', 'type'],
    ['text as require_mfa', withConditions({ require_mfa: 'true' }), 'rules[1].conditions.require_mfa', 'type'],
  ])('refuses %s as a wrong shape', (_what, input, field, rule) => {
    const error = refusal(input);
    expect(error.code).toBe('validation_error');
    expect(error.details?.fields).toMatchObject([{ field, rule }]);
  });

  it.each<[string, unknown, string]>([
    ['an unknown condition', { geo_fence: ['nl'] }, 'geo_fence'],
    ['a condition named like a method of objects', { constructor: 1 }, 'constructor'],
    ['require_mfa: false', { require_mfa: false }, 'require_mfa'],
    ['mfa_max_age alone', { mfa_max_age: '5m' }, 'mfa_max_age'],
    ['host bits in a v4 block', { ip_ranges: ['::1', '10.0.0.1/8'] }, 'ip_ranges[1]'],
    ['host bits inside a byte', { ip_ranges: ['10.0.0.64/25'] }, 'ip_ranges[0]'],
    ['host bits in a v6 block', { ip_ranges: ['2001:db8::1/64'] }, 'ip_ranges[0]'],
    ['a mapped block that reaches beyond v4', { ip_ranges: ['::ffff:0.0.0.0/95'] }, 'ip_ranges[0]'],
    ['a prefix too long', { ip_ranges: ['10.0.0.0/33'] }, 'ip_ranges[0]'],
    ['a prefix that is no number', { ip_ranges: ['10.0.0.0/08'] }, 'ip_ranges[0]'],
    ['an empty prefix', { ip_ranges: ['10.0.0.0/'] }, 'ip_ranges[0]'],
    ['two prefixes', { ip_ranges: ['10.0.0.0/8/8'] }, 'ip_ranges[0]'],
    ['a short address', { ip_ranges: ['10.1'] }, 'ip_ranges[0]'],
    ['an octal address', { ip_ranges: ['010.0.0.1'] }, 'ip_ranges[0]'],
    ['an octal address in v6 clothes', { ip_ranges: ['::ffff:010.0.0.1'] }, 'ip_ranges[0]'],
    ['an address with a zone', { ip_ranges: ['fe80::1%eth0'] }, 'ip_ranges[0]'],
    ['a host name', { ip_ranges: ['localhost'] }, 'ip_ranges[0]'],
    ['24:00', { time_window: { start: '00:00', end: '24:00' } }, 'time_window.end'],
    ['9:00', { time_window: { start: '9:00', end: '17:00' } }, 'time_window.start'],
    [
      'an unknown zone',
      { time_window: { start: '09:00', end: '17:00', timezone: 'Mars/Base' } },
      'time_window.timezone',
    ],
    [
      'an offset as zone',
      { time_window: { start: '09:00', end: '17:00', timezone: '+01:00' } },
      'time_window.timezone',
    ],
    ['an empty zone', { time_window: { start: '09:00', end: '17:00', timezone: '' } }, 'time_window.timezone'],
  ])('refuses %s as unsound', (_what, conditions, field) => {
    const error = refusal(withConditions(conditions));
    expect(error.code).toBe('invalid_policy');
    expect(error.details).toEqual({ rule_index: 1, field: `rules[1].conditions.${field}` });
  });

  it('refuses unsound durations by name', () => {
    expect(refusal(withConditions({ token_max_age: '0s' }))).toMatchObject({
      code: 'invalid_duration',
      details: { field: 'rules[1].conditions.token_max_age' },
    });
    expect(refusal(withConditions({ require_mfa: true, mfa_max_age: 'PT5M' }))).toMatchObject({
      code: 'invalid_duration',
      details: { field: 'rules[1].conditions.mfa_max_age' },
    });
  });

  it('refuses unsound patterns', () => {
    expect(refusal([{ ...sound, path_pattern: 'app/**x' }]).code).toBe('invalid_glob');
  });

  it('either answers or refuses in our own words, whatever it is given', () => {
    const names = ['path_pattern', 'permissions', 'effect', 'conditions', 'ip_ranges', 'time_window', 'require_mfa'];
    const anything = fc.anything({ key: fc.oneof(fc.constantFrom(...names), fc.string()), maxDepth: 4 });
    fc.assert(
      fc.property(fc.oneof(anything, fc.array(anything)), (input) => {
        try {
          parseRules(input);
        } catch (error) {
          expect(error).toBeInstanceOf(VaultError);
        }
      }),
    );
  });
});

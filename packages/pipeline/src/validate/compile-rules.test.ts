import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Format, PutSecretRequestSchema } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { type InlineField, inlineService } from '@scaivault/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from './compile-rules.ts';

/** What a message with these fields and values is answered: `ok`, a code, or the violations as `field rule`. */
const judge = (fields: readonly InlineField[], values: Record<string, unknown>): string => {
  const { request } = inlineService({ peer: 'secrets', methods: [], fields });
  const check = compileRules(request);
  try {
    check(create(request, values as MessageInitShape<typeof request>));
    return 'ok';
  } catch (error) {
    if (!isVaultError(error)) throw error;
    if (error.code !== 'validation_error') return error.code;
    const { fields: found } = error.details as { fields: { field: string; rule: string }[] };
    return found.map(({ field, rule }) => `${field} ${rule}`).join(', ');
  }
};

type Case = readonly [string, InlineField, unknown, string];
const field = (rest: Omit<InlineField, 'name'>): InlineField => ({ name: 'it', ...rest });
const optional = (rules: NonNullable<InlineField['rules']>, type?: InlineField['type']): InlineField =>
  field({ form: 'optional', rules, ...(type === undefined ? {} : { type }) });
const list = (rules: NonNullable<InlineField['rules']>): InlineField => field({ form: 'repeated', rules });

const cases: readonly Case[] = [
  ['a required text', field({ rules: { required: true } }), 'x', 'ok'],
  ['a required text that is empty', field({ rules: { required: true } }), '', 'it required'],
  ['a required optional text that is absent', optional({ required: true }), undefined, 'it required'],
  ['a required list that is empty', list({ required: true }), [], 'it required'],
  [
    'required bytes that are empty',
    field({ type: 'BYTES', rules: { required: true } }),
    new Uint8Array(),
    'it required',
  ],
  ['a plain text that was not sent', field({ rules: { minLength: 3 } }), '', 'ok'],
  ['an optional text that was sent empty', optional({ minLength: 3 }), '', 'it length'],
  ['an optional text that was not sent', optional({ minLength: 3 }), undefined, 'ok'],

  ['a text of the least length', optional({ minLength: 3 }), 'abc', 'ok'],
  ['a text below it', optional({ minLength: 3 }), 'ab', 'it length'],
  ['a text of the greatest length', optional({ maxLength: 3 }), 'abc', 'ok'],
  ['a text above it', optional({ maxLength: 3 }), 'abcd', 'it length'],
  ['characters, not UTF-16 units', optional({ maxLength: 3 }), '🔑🔑🔑', 'ok'],

  ['the least number', optional({ min: 1n }, 'INT32'), 1, 'ok'],
  ['a number below it', optional({ min: 1n }, 'INT32'), 0, 'it range'],
  ['the greatest number', optional({ max: 100n }, 'INT32'), 100, 'ok'],
  ['a number above it', optional({ min: 1n, max: 100n }, 'INT32'), 101, 'it range'],
  ['a negative number where 0 is the least', optional({ min: 0n }, 'INT32'), -1, 'it range'],
  ['a long integer', optional({ max: 5n }, 'INT64'), 6n, 'it range'],
  ['what is no number', optional({ min: 0n, max: 9n }, 'DOUBLE'), Number.NaN, 'it range'],

  ['one of the words', optional({ oneOf: ['a', 'b'] }), 'b', 'ok'],
  ['another word', optional({ oneOf: ['a', 'b'] }), 'c', 'it enum'],
  [
    'another word with a code of its own',
    optional({ oneOf: ['a'], oneOfCode: 'invalid_secret_type' }),
    'c',
    'invalid_secret_type',
  ],

  ['a list of the greatest size', list({ maxItems: 2 }), ['a', 'b'], 'ok'],
  ['a longer list', list({ maxItems: 2 }), ['a', 'b', 'c'], 'it length'],
  ['a list that is too short', list({ minItems: 2 }), ['a'], 'it length'],
  ['items that are too long', list({ maxLength: 1 }), ['a', 'bb', 'c', 'dd'], 'it[1] length, it[3] length'],
  ['empty items', list({ minLength: 1 }), ['a', ''], 'it[1] length'],

  ['a secret path', field({ rules: { required: true, format: Format.SECRET_PATH } }), 'app/db', 'ok'],
  ['a bad one', field({ rules: { required: true, format: Format.SECRET_PATH } }), 'App', 'invalid_path'],
  ['a reserved one', field({ rules: { required: true, format: Format.SECRET_PATH } }), 'pki/web', 'invalid_path'],
  ['an empty one', field({ rules: { required: true, format: Format.SECRET_PATH } }), '', 'invalid_path'],
  ['a policy path', optional({ format: Format.POLICY_PATH }), 'pki/web', 'ok'],
  ['a bad one', optional({ format: Format.POLICY_PATH }), 'pki//web', 'invalid_path'],
  ['a prefix', optional({ format: Format.PATH_PREFIX }), 'app/', 'ok'],
  ['a bad one', optional({ format: Format.PATH_PREFIX }), '/app', 'invalid_path'],
  ['a duration', optional({ format: Format.DURATION }), '1h30m', 'ok'],
  ['a bad one', optional({ format: Format.DURATION }), '90', 'invalid_duration'],
  ['a duration of nothing', optional({ format: Format.DURATION }), '0s', 'invalid_duration'],
  ['a duration that may be nothing', optional({ format: Format.DURATION, allowZero: true }), '0s', 'ok'],
  ['a timestamp', optional({ format: Format.TIMESTAMP }), '2026-01-02T03:04:05+01:00', 'ok'],
  ['a bad one', optional({ format: Format.TIMESTAMP }), '2026-02-30T00:00:00Z', 'it format'],
  ['an IPv4 address', optional({ format: Format.IP }), '10.0.0.1', 'ok'],
  ['an IPv6 address', optional({ format: Format.IP }), '2001:db8::1', 'ok'],
  ['an octal spelling of an address', optional({ format: Format.IP }), '010.0.0.1', 'it format'],
  ['a number for an address', optional({ format: Format.IP }), '167772161', 'it format'],
  ['a block for an address', optional({ format: Format.IP }), '10.0.0.0/8', 'it format'],
  ['an identifier of ScaiKey', optional({ format: Format.FOREIGN_ID }), 'tnt_Acme-1', 'ok'],
  ['one with a space', optional({ format: Format.FOREIGN_ID }), 'a b', 'it format'],
  ['one of 129 characters', optional({ format: Format.FOREIGN_ID }), 'a'.repeat(129), 'it format'],
  ['an identifier of ours', optional({ idPrefix: 'pol' }), 'pol_01J9ZC3V7M8Q2T5W6X0Y1A2B3C', 'ok'],
  ['one that cannot exist', optional({ idPrefix: 'pol' }), 'nothing', 'ok'],
  ['an endless one', optional({ idPrefix: 'pol' }), 'p'.repeat(65), 'it format'],
  ['a NUL in a text without rules', field({}), 'a\0b', 'it format'],
];

describe('compileRules', () => {
  it.each(cases)('judges %s', (_what, desc, value, verdict) => {
    expect(judge([desc], { it: value })).toBe(verdict);
  });

  it('collects every violation of a message', () => {
    const fields: InlineField[] = [
      { name: 'name', rules: { required: true } },
      { name: 'size', form: 'optional', type: 'INT32', rules: { min: 1n } },
      { name: 'tag', form: 'repeated', rules: { maxLength: 1 } },
      { name: 'kind', form: 'optional', rules: { oneOf: ['a'] } },
    ];
    expect(judge(fields, { name: '', size: 0, tag: ['aa'], kind: 'b' })).toBe(
      'name required, size range, tag[0] length, kind enum',
    );
  });

  it('looks into nested messages, names fields as the client wrote them, and lets absent ones be', () => {
    const check = compileRules(PutSecretRequestSchema);
    const put = (options?: MessageInitShape<typeof PutSecretRequestSchema>['options']) =>
      create(PutSecretRequestSchema, { path: 'app/db', ...(options === undefined ? {} : { options }) });
    expect(() => check(put())).not.toThrow();
    expect(() => check(put({ maxVersions: 5 }))).not.toThrow();
    expect(() => check(put({ maxVersions: 0, expectedVersion: -1 }))).toThrowError(
      expect.objectContaining({
        details: {
          fields: [
            { field: 'options.max_versions', rule: 'range', message: 'must be from 1 to 100' },
            { field: 'options.expected_version', rule: 'range', message: 'must be at least 0' },
          ],
        },
      }),
    );
    expect(() => check(put({ expiresIn: 'soon' }))).toThrowError(
      expect.objectContaining({ code: 'invalid_duration', details: { field: 'options.expires_in' } }),
    );
  });

  it('says how many items a list may have', () => {
    const { request } = inlineService({ methods: [], fields: [list({ minItems: 2 })] });
    expect(() => compileRules(request)(create(request))).toThrow('it: must have at least 2 items');
  });

  it.each([
    ['rules on a member of a oneof', field({ form: 'oneof', rules: { maxLength: 1 } }), /cannot be checked/],
    ['an identifier that nothing of ours begins with', optional({ idPrefix: 'nope' }), /begins with nope/],
  ])('refuses to build for %s', (_what, desc, message) => {
    const { request } = inlineService({ methods: [], fields: [desc] });
    expect(() => compileRules(request)).toThrow(message);
  });

  it('never fails for any text otherwise than by a refusal', () => {
    const formats = Object.values(Format)
      .filter((format) => typeof format === 'number' && format > 0)
      .map((format) => optional({ format: format as Format }));
    fc.assert(
      fc.property(fc.constantFrom(...formats), fc.string({ unit: 'binary' }), (desc, text) => {
        expect(judge([desc], { it: text })).toMatch(/^(ok|it format(, it format)?|invalid_path|invalid_duration)$/);
      }),
      { numRuns: 300 },
    );
  });
});

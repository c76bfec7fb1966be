import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  AuditRecordSchema,
  type BatchReadResponse,
  BatchReadResponseSchema,
  BatchSecretSchema,
  IngestAuditRecordsRequestSchema,
  ListSecretsResponseSchema,
  PutSecretRequestSchema,
  SecretSchema,
} from '@scaivault/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCopier } from './copy-message.ts';
import { maxMessageBytes } from './limits.ts';

const tooLarge = (bytes: number): Error => new Error(`too large: ${bytes}`);
const copySecret = compileCopier(SecretSchema, tooLarge);

const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array();
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const timestamp = fc.record({ seconds: fc.bigInt({ min: 0n, max: 2n ** 40n }), nanos: fc.nat(999_999_999) });

const secret = fc
  .record({
    path: text,
    version: int32,
    data: bytes,
    metadata: bytes,
    createdAt: optional(timestamp),
    expiresAt: optional(timestamp),
    rotationPolicyId: optional(text),
  })
  .map((init) => create(SecretSchema, init));
const list = fc
  .record({
    secrets: fc.array(fc.record({ path: text, metadata: bytes, version: int32, deletedAt: optional(timestamp) })),
    cursor: optional(text),
    hasMore: fc.boolean(),
  })
  .map((init) => create(ListSecretsResponseSchema, init));
const put = fc
  .record({ path: text, data: optional(bytes), options: optional(fc.record({ maxVersions: optional(int32) })) })
  .map((init) => create(PutSecretRequestSchema, init));
const record = fc
  .record({ id: text, timestampMicros: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), success: fc.boolean() })
  .map((init) => create(AuditRecordSchema, init));
const batch = fc.array(bytes).map((records) => create(IngestAuditRecordsRequestSchema, { records }));
const byPath = fc
  .dictionary(fc.oneof(text, fc.constant('__proto__')), fc.record({ data: bytes, version: int32 }))
  .map((secrets) => create(BatchReadResponseSchema, { secrets }));

describe('the copy of a message', () => {
  it.each<[string, DescMessage, fc.Arbitrary<Message>]>([
    ['Secret', SecretSchema, secret],
    ['ListSecretsResponse', ListSecretsResponseSchema, list],
    ['PutSecretRequest', PutSecretRequestSchema, put],
    ['AuditRecord', AuditRecordSchema, record],
    ['IngestAuditRecordsRequest', IngestAuditRecordsRequestSchema, batch],
    ['BatchReadResponse', BatchReadResponseSchema, byPath],
  ])('is what a wire would hand over: %s', (_name, desc, messages) => {
    const copy = compileCopier(desc, tooLarge);
    fc.assert(
      fc.property(messages, (message) => {
        expect(copy(message)).toEqual(fromBinary(desc, toBinary(desc, message)));
      }),
    );
  });

  it('has a member for each key of a map, whatever it is called', () => {
    const secret = (version: number) => create(BatchSecretSchema, { version });
    const secrets = Object.fromEntries([
      ['__proto__', secret(7)],
      ['constructor', secret(8)],
    ]);
    const copy = compileCopier(BatchReadResponseSchema, tooLarge)(create(BatchReadResponseSchema, { secrets }));
    expect(Object.entries((copy as BatchReadResponse).secrets).map(([key, { version }]) => [key, version])).toEqual([
      ['__proto__', 7],
      ['constructor', 8],
    ]);
  });

  it('replaces what UTF-8 cannot hold, as every wire does', () => {
    expect(copySecret(create(SecretSchema, { path: 'a\ud800b' }))).toMatchObject({ path: 'a\ufffdb' });
  });

  it('shares no bytes and no objects with the original', () => {
    const original = create(SecretSchema, { data: Buffer.from('{}'), createdAt: { seconds: 1n, nanos: 0 } });
    const copy = copySecret(original) as typeof original;
    original.data.fill(0);
    if (original.createdAt !== undefined) original.createdAt.seconds = 2n;
    expect(Buffer.from(copy.data).toString()).toBe('{}');
    expect(copy.createdAt?.seconds).toBe(1n);
  });
});

it.each([
  ['nothing', undefined],
  ['another message', create(PutSecretRequestSchema, { path: 'a' })],
  ['a text in place of a number', { ...create(SecretSchema), version: '1' }],
  ['a fraction in place of a whole number', { ...create(SecretSchema), version: 1.5 }],
  ['a number that no int32 is', { ...create(SecretSchema), version: 2 ** 31 }],
  ['a number in place of a text', { ...create(SecretSchema), path: 5 }],
  ['an array in place of bytes', { ...create(SecretSchema), data: [1] }],
  ['null in place of a message', { ...create(SecretSchema), createdAt: null }],
  ['a number in place of a bigint', { ...create(SecretSchema), createdAt: { seconds: 1, nanos: 0 } }],
])('refuses %s', (_what, message) => {
  expect(() => copySecret(message)).toThrow(TypeError);
});

it('refuses a message by the size it would have on a wire, not by an estimate', () => {
  const fitting = create(SecretSchema, { path: 'x'.repeat(maxMessageBytes - 16) });
  expect(toBinary(SecretSchema, fitting).length).toBeLessThanOrEqual(maxMessageBytes);
  expect((copySecret(fitting) as typeof fitting).path).toHaveLength(maxMessageBytes - 16);
  expect(() => copySecret(create(SecretSchema, { path: 'x'.repeat(maxMessageBytes) }))).toThrow(/^too large: \d+$/);
});

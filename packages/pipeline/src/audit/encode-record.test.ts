import { create, fromBinary } from '@bufbuild/protobuf';
import { AuditRecordSchema } from '@scaivault/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BegunRecord, encodeBegun, encodeEnded, type RecordEnd } from './encode-record.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const optional = fc.option(text, { nil: undefined });
const begun: fc.Arbitrary<BegunRecord> = fc.record({
  id: text,
  tenantId: text,
  action: text,
  identityType: text,
  identityId: text,
  requestId: text,
  extraData: fc.uint8Array({ maxLength: 300 }),
  timestampMicros: fc.maxSafeNat(),
  secretPath: optional,
  sourceIp: optional,
  userAgent: optional,
  policyId: optional,
});
const end: fc.Arbitrary<RecordEnd> = fc.record({
  success: fc.boolean(),
  errorCode: optional,
  durationMs: fc.nat(2 ** 31 - 1),
  extraData: fc.uint8Array({ maxLength: 300 }),
});

/** An empty text is one that was left out, on this wire as on any. */
const orUnset = (value: string | undefined) => (value === '' || value === undefined ? undefined : value);

it('writes what protobuf reads back, the end behind the beginning', () => {
  fc.assert(
    fc.property(begun, end, (first, last) => {
      const known = create(AuditRecordSchema, {
        ...first,
        secretPath: orUnset(first.secretPath),
        sourceIp: orUnset(first.sourceIp),
        userAgent: orUnset(first.userAgent),
        policyId: orUnset(first.policyId),
        timestampMicros: BigInt(first.timestampMicros),
      });
      const bytes = encodeBegun(first);
      expect({ ...fromBinary(AuditRecordSchema, new Uint8Array(bytes)) }).toEqual({ ...known });
      expect({ ...fromBinary(AuditRecordSchema, new Uint8Array(encodeEnded(bytes, last))) }).toEqual({
        ...known,
        ...last,
        errorCode: orUnset(last.errorCode),
        extraData: last.extraData.length === 0 ? first.extraData : last.extraData,
      });
    }),
    { numRuns: 500 },
  );
});

it('knows every field of the record', () => {
  expect(AuditRecordSchema.fields.map(({ number }) => number)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
});

import { create, toBinary } from '@bufbuild/protobuf';
import { AuditRecordSchema } from '@scaivault/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from './read-record.ts';

const nowMicros = Date.UTC(2026, 0, 1) * 1000;
const valid = {
  id: 'log_1',
  tenantId: 'tnt_a',
  timestampMicros: BigInt(nowMicros),
  action: 'read',
  identityId: 'sa:ci',
  success: true,
};
const read = (more: object) =>
  readRecord(toBinary(AuditRecordSchema, create(AuditRecordSchema, { ...valid, ...more })), nowMicros);
const text = fc.string({ unit: 'binary', maxLength: 700 });

describe('a record', () => {
  it('lies below its tenant', () => {
    expect(read({})).toMatchObject({ kind: 'row', scopeId: 't:tnt_a', row: { id: 'log_1', tsMicros: nowMicros } });
  });

  it('has null for what it does not hold and an empty object for no extra_data', () => {
    expect(read({})).toMatchObject({
      row: { secretPath: null, sourceIp: null, userAgent: null, errorCode: null, policyId: null, extraData: '{}' },
    });
  });

  const day = 86_400_000_000;
  it.each([
    ['at the first instant of 2000', Date.UTC(2000, 0, 1) * 1000, 'row'],
    ['just before 2000', Date.UTC(2000, 0, 1) * 1000 - 1, 'unfit'],
    ['two days ahead', nowMicros + 2 * day, 'row'],
    ['more than two days ahead', nowMicros + 2 * day + 1, 'unfit'],
  ])('%s is %s', (_name, micros, kind) => {
    expect(read({ timestampMicros: BigInt(micros) }).kind).toBe(kind);
  });

  it.each(['{}', '{"a":1}', ' {"a":{"b":[1,2]}} '])('keeps extra_data %s as it is written', (json) => {
    expect(read({ extraData: new TextEncoder().encode(json) })).toMatchObject({ row: { extraData: json } });
  });

  it.each(['null', '[]', '1', '"{}"', '{', '\ufeff{}', '{"a":"\u0001"}'])('is unfit with extra_data %j', (json) => {
    expect(read({ extraData: new TextEncoder().encode(json) })).toEqual({
      kind: 'unfit',
      reason: 'extra_data is no JSON object',
    });
  });
});

it('is read or unfit whatever the bytes are, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(['row', 'unfit']).toContain(readRecord(bytes, nowMicros).kind);
    }),
  );
});

it('becomes a row that PostgreSQL takes whatever its texts are', () => {
  const texts = fc.record({
    action: text,
    identityType: text,
    identityId: text,
    secretPath: text,
    sourceIp: text,
    userAgent: text,
    errorCode: text,
    policyId: text,
    requestId: text,
    durationMs: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  });
  fc.assert(
    fc.property(texts, (fields) => {
      const found = read(fields);
      if (found.kind !== 'row') throw new Error(found.reason);
      const { row } = found;
      for (const [value, longest] of [
        [row.action, 64],
        [row.identityType, 32],
        [row.identityId, 320],
        [row.secretPath, 528],
        [row.sourceIp, 64],
        [row.userAgent, 512],
        [row.errorCode, 64],
        [row.policyId, 128],
        [row.requestId, 128],
      ] as const) {
        expect(value).not.toContain('\0');
        expect(value?.length).toBeLessThanOrEqual(longest);
      }
      expect(row.durationMs).toBeGreaterThanOrEqual(0);
    }),
  );
});

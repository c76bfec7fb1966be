import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBatchBuffer } from './batch.ts';
import {
  CORRUPT,
  decodeHeader,
  encodeHeader,
  INCOMPLETE,
  idAt,
  payloadAt,
  RECORD_OVERHEAD,
  RecordType,
  recordLengthAt,
  timeMsAt,
  typeAt,
} from './format.ts';

const SALT = 0xdeadbeef;
const encode = (id: string, payload: Uint8Array, timeMs = 0): Buffer => {
  const buffer = createBatchBuffer(SALT);
  buffer.append(RecordType.outcome, id, payload, timeMs);
  return Buffer.from(buffer.bytes.subarray(0, buffer.used));
};

const ids = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const payloads = fc.uint8Array({ maxLength: 300 });

describe('a record', () => {
  test('comes back as it went in', () => {
    fc.assert(
      fc.property(ids, payloads, fc.nat({ max: 2 ** 48 - 1 }), (id, payload, timeMs) => {
        const bytes = encode(id, payload, timeMs);
        expect(recordLengthAt(bytes, 0, SALT)).toBe(bytes.length);
        expect(idAt(bytes, 0)).toBe(Buffer.from(id).toString());
        expect(timeMsAt(bytes, 0)).toBe(timeMs);
        expect(typeAt(bytes, 0)).toBe(RecordType.outcome);
        expect(Buffer.from(payloadAt(bytes, 0, bytes.length))).toEqual(Buffer.from(payload));
      }),
    );
  });

  test('is not taken for one with any bit changed, cut short, or under another salt', () => {
    fc.assert(
      fc.property(ids, payloads, fc.nat(), fc.nat({ max: 7 }), (id, payload, place, bit) => {
        const bytes = encode(id, payload);
        const flipped = Buffer.from(bytes);
        const at = place % bytes.length;
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        expect(recordLengthAt(flipped, 0, SALT)).toBeLessThanOrEqual(0);
        expect(recordLengthAt(bytes.subarray(0, at), 0, SALT)).toBe(INCOMPLETE);
        expect(recordLengthAt(bytes, 0, (SALT ^ 1) >>> 0)).toBe(CORRUPT);
      }),
    );
  });

  test.each([
    ['an empty id', '', 10],
    ['an id of 256 bytes', 'x'.repeat(256), 10],
    ['more than a mebibyte', 'log_1', 1024 * 1024],
  ])('with %s is refused and leaves the batch as it was', (_what, id, payloadBytes) => {
    const buffer = createBatchBuffer(SALT);
    expect(() => buffer.append(RecordType.intent, id, Buffer.alloc(payloadBytes), 0)).toThrow(
      expect.objectContaining({ code: 'internal_error' }),
    );
    expect(buffer.used).toBe(0);
  });

  test('that outgrows the buffer keeps the ones before it', () => {
    const buffer = createBatchBuffer(SALT);
    const first = buffer.append(RecordType.intent, 'log_1', Buffer.alloc(40_000, 1), 0);
    const second = buffer.append(RecordType.intent, 'log_2', Buffer.alloc(400_000, 2), 0);
    expect([idAt(buffer.bytes, first), idAt(buffer.bytes, second)]).toEqual(['log_1', 'log_2']);
    expect(recordLengthAt(buffer.bytes, first, SALT)).toBe(RECORD_OVERHEAD + 5 + 40_000);
    expect(recordLengthAt(buffer.bytes, second, SALT)).toBe(RECORD_OVERHEAD + 5 + 400_000);
  });
});

describe('a segment header', () => {
  test('gives its salt back', () => {
    expect(decodeHeader(encodeHeader(SALT))).toBe(SALT);
  });

  test('is refused with any byte changed or missing', () => {
    for (let at = 0; at < 20; at += 1) {
      const changed = Buffer.from(encodeHeader(SALT));
      changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
      expect(decodeHeader(changed)).toBeUndefined();
      expect(decodeHeader(encodeHeader(SALT).subarray(0, at))).toBeUndefined();
    }
  });
});

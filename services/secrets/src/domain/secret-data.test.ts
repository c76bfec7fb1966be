import { describe, expect, it } from 'vitest';
import { checkSecretData } from './secret-data.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const refusalOf = (work: () => unknown): Record<string, unknown> => {
  try {
    work();
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('nothing was refused');
};

describe('the value of a version', () => {
  it('is kept byte for byte', () => {
    const data = bytes('{ "n": 1.50, "n2": 9007199254740993 }');
    expect(checkSecretData(data, 100)).toBe(data);
  });

  it.each([
    ['nothing', undefined, 'required'],
    ['no bytes', bytes(''), 'required'],
    ['an object without keys', bytes('{}'), 'length'],
    ['a list', bytes('[1]'), 'type'],
    ['null', bytes('null'), 'type'],
    ['a text that is no JSON', bytes('{"a":'), 'type'],
    ['two values', bytes('{"a":1}{}'), 'type'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'type'],
    ['a byte order mark in front', bytes('\ufeff{"a":1}'), 'type'],
  ])('cannot be %s', (_what, data, rule) => {
    expect(refusalOf(() => checkSecretData(data, 100))).toMatchObject({
      code: 'validation_error',
      details: { fields: [{ field: 'data', rule }] },
    });
  });

  it('may be exactly as large as the limit and not a byte larger', () => {
    const data = bytes(`{"a":"${'x'.repeat(92)}"}`);
    expect(checkSecretData(data, 100)).toHaveLength(100);
    expect(refusalOf(() => checkSecretData(data, 99))).toMatchObject({
      code: 'payload_too_large',
      details: { limit_bytes: 99, actual_bytes: 100 },
    });
  });

  it('may nest 32 levels deep and not 33; braces in texts do not count', () => {
    const nested = (levels: number): Uint8Array =>
      bytes(`{"{[\\"{":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`);
    expect(() => checkSecretData(nested(32), 200)).not.toThrow();
    expect(refusalOf(() => checkSecretData(nested(33), 200))).toMatchObject({ code: 'validation_error' });
  });

  it('is not quoted by a refusal', () => {
    const refusal = refusalOf(() => checkSecretData(bytes('{"a":"canary-7c1" oops'), 100)) as unknown as Error;
    expect(`${refusal.message} ${JSON.stringify(refusal)} ${String(refusal.cause)}`).not.toContain('canary');
  });
});

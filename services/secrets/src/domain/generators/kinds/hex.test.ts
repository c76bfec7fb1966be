import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawHex } from './hex.ts';

describe('hex', () => {
  it('is the bytes that were drawn, in lower case', () => {
    expect(drawHex(6, () => Uint8Array.of(0x0a, 0xbc, 0xff))).toBe('0abcff');
  });

  it('may have an odd number of digits', () => {
    expect(drawHex(3, () => Uint8Array.of(0x0a, 0xbc))).toBe('0ab');
  });

  it('never repeats itself', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => drawHex(64, randomBytes))).size).toBe(10_000);
  });
});

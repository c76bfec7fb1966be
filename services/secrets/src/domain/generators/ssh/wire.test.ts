import { describe, expect, it } from 'vitest';
import { mpint, string, uint32 } from './wire.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('the data types of SSH', () => {
  it('are those of the examples in RFC 4251, 5', () => {
    expect(uint32(699_921_578)).toEqual(bytes('29b7f4aa'));
    expect(string('testing')).toEqual(bytes('0000000774657374696e67'));
  });

  it.each([
    ['', '00000000'],
    ['00', '00000000'],
    ['09a378f9b2e332a7', '0000000809a378f9b2e332a7'],
    ['80', '000000020080'],
    ['0000000080', '000000020080'],
    ['007f00', '000000027f00'],
  ])('have the number %s as %s', (magnitude, expected) => {
    expect(mpint(bytes(magnitude))).toEqual(bytes(expected));
  });

  it('count the bytes of a text, not its characters', () => {
    expect(string('é')).toEqual(bytes('00000002c3a9'));
  });
});

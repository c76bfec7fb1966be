import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Charset, charsets, evenCharset } from './charset.ts';
import { drawText, textBits } from './draw-text.ts';

const printable = charsets.ascii.rest;

/** Hands out these bytes and no others, and keeps the sizes it was asked for. */
const script = (...bytes: number[]) => {
  const asked: number[] = [];
  const take = (size: number): Uint8Array => {
    asked.push(size);
    if (bytes.length < size) throw new Error('the script has ended');
    return Uint8Array.from(bytes.splice(0, size));
  };
  return { asked, take };
};

const tally = (characters: Iterable<string>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  return counts;
};

/** How far the counts are from equal shares: chi-square, made a standard normal deviate (Wilson and Hilferty). */
const deviation = (characters: string, expected: string): number => {
  const counts = tally(characters);
  expect(new Set(expected)).toEqual(new Set(counts.keys()));
  const share = characters.length / expected.length;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - share) ** 2 / share, 0);
  const freedom = expected.length - 1;
  const spread = 2 / (9 * freedom);
  return ((chiSquare / freedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread);
};

/** A fair source goes beyond this once in ten thousand million runs. */
const mostDeviation = 6.4;

const draw = (charset: Charset, length: number, times: number): string[] =>
  Array.from({ length: times }, () => drawText(charset, length, randomBytes));

describe('drawing', () => {
  it('throws away what points behind the last character, and asks for no more bytes than are missing', () => {
    // Ten characters take four bits: 10 to 15 are thrown away, and the upper half of a byte does not count.
    const { asked, take } = script(0x0b, 0x03, 0x0a, 0xf9, 0x0f, 0x1c, 0x10, 0x05);
    expect(drawText(charsets.numeric, 4, take)).toBe('3905');
    expect(asked).toEqual([1, 1, 3, 2, 1]);
  });

  it('gives every character the same number of byte values, however many characters there are', () => {
    for (let size = 2; size <= printable.length; size += 1) {
      const characters = printable.slice(0, size);
      const valuesEach = 256 / 2 ** Math.ceil(Math.log2(size));
      // Each byte value once: the script ends early unless so many of them are kept.
      const { take } = script(...Array(256).keys());
      const counts = tally(drawText(evenCharset(characters), size * valuesEach, take));
      expect(counts).toEqual(new Map([...characters].map((character) => [character, valuesEach])));
    }
  });

  it.each(Object.entries(charsets))('from %s makes all characters equally likely', (_name, charset) => {
    const texts = draw(charset, 1001, 400);
    expect(deviation(texts.map((text) => text.slice(1)).join(''), charset.rest)).toBeLessThan(mostDeviation);
  });

  it('from safe makes all characters equally likely to come first that may', () => {
    const firsts = draw(charsets.safe, 2, 60_000).map((text) => text.charAt(0));
    expect(deviation(firsts.join(''), charsets.safe.first)).toBeLessThan(mostDeviation);
  });

  it('makes texts of the length asked for', () => {
    expect([1, 2, 1024].map((length) => drawText(charsets.ascii, length, randomBytes).length)).toEqual([1, 2, 1024]);
  });
});

describe('the bits of a text', () => {
  it('count the texts there are', () => {
    expect(textBits(charsets.alphanumeric, 32)).toBeCloseTo(190.5343, 4);
    expect(textBits(charsets.safe, 4)).toBeCloseTo(Math.log2(57 * 61 ** 3), 10);
    expect(textBits(evenCharset('ab'), 4)).toBe(4);
  });
});

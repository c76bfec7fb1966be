import type { RandomBytes } from '../sources.ts';
import type { Charset } from './charset.ts';

/**
 * Each of the characters (2..256) is equally likely at every place: a byte is cut to the bits that the count needs, and
 * thrown away when it still points behind the last one. At least half of the bytes are kept.
 */
const drawCharacters = (characters: string, count: number, randomBytes: RandomBytes): string => {
  const mask = (1 << (32 - Math.clz32(characters.length - 1))) - 1;
  let text = '';
  while (text.length < count) {
    for (const byte of randomBytes(count - text.length)) text += characters[byte & mask] ?? '';
  }
  return text;
};

/** A text of `length` characters, each such text of the charset equally likely. */
export const drawText = ({ first, rest }: Charset, length: number, randomBytes: RandomBytes): string =>
  drawCharacters(first, 1, randomBytes) + drawCharacters(rest, length - 1, randomBytes);

/** How many texts of that length there are, as a base-2 logarithm. */
export const textBits = ({ first, rest }: Charset, length: number): number =>
  Math.log2(first.length) + (length - 1) * Math.log2(rest.length);

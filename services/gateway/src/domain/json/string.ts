import { type Cursor, malformed } from './cursor.ts';

const quote = 0x22;
const backslash = 0x5c;

/** One-letter escapes: " \ / b f n r t */
const shortEscapes = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);

const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

/** Position behind the escape that begins at `at`. */
const skipEscape = (bytes: Uint8Array, at: number): number => {
  const letter = bytes[at + 1];
  if (letter === undefined) throw malformed('cut_short', at);
  if (shortEscapes.has(letter)) return at + 2;
  if (letter !== 0x75) throw malformed('bad_escape', at);
  for (let i = at + 2; i < at + 6; i += 1) {
    if (!isHexDigit(bytes[i])) throw malformed('bad_escape', at);
  }
  return at + 6;
};

/** Moves past a string whose opening quote is under the cursor; true when it holds escapes. */
const passString = (cursor: Cursor): boolean => {
  const { bytes } = cursor;
  let at = cursor.at + 1;
  let hasEscapes = false;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) throw malformed('cut_short', at);
    if (byte === quote) break;
    if (byte === backslash) {
      hasEscapes = true;
      at = skipEscape(bytes, at);
    } else if (byte < 0x20) {
      throw malformed('control_character', at);
    } else {
      at += 1;
    }
  }
  cursor.at = at + 1;
  return hasEscapes;
};

/** Checks and moves past a string without decoding it. */
export const skipString = (cursor: Cursor): void => {
  passString(cursor);
};

/** The decoded string under the cursor. Lone surrogates, possible by escapes only, are left to the caller. */
export const scanString = (cursor: Cursor): string => {
  const start = cursor.at;
  const hasEscapes = passString(cursor);
  if (hasEscapes) return JSON.parse(cursor.bytes.toString('utf8', start, cursor.at)) as string;
  return cursor.bytes.toString('utf8', start + 1, cursor.at - 1);
};

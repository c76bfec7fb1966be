import { type Cursor, malformed } from './cursor.ts';

/** A number as it was written; a caller that needs a value chooses the precision. */
export type NumberText = string;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const skipDigits = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  if (at === from) throw malformed('bad_number', at);
  return at;
};

/** Moves past the number under the cursor (RFC 8259, section 6): no leading zeros, no plus sign, no bare point. */
export const skipNumber = (cursor: Cursor): void => {
  const { bytes } = cursor;
  let at = cursor.at;
  if (bytes[at] === 0x2d) at += 1;
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at);
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const hasSign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
    at = skipDigits(bytes, at + (hasSign ? 2 : 1));
  }
  cursor.at = at;
};

/** The text of the number under the cursor. */
export const scanNumber = (cursor: Cursor): NumberText => {
  const start = cursor.at;
  skipNumber(cursor);
  return cursor.bytes.toString('latin1', start, cursor.at);
};

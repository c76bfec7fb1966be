import { ascend, type Cursor, descend, expect, malformed, peek, skipSpace } from './cursor.ts';
import { skipNumber } from './number.ts';
import { scanString, skipString } from './string.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const objectStart = 0x7b;
const objectEnd = 0x7d;
const arrayStart = 0x5b;
const arrayEnd = 0x5d;

/** What the value under the cursor is by its first byte; 400 when no value begins there. */
export const kindAt = (cursor: Cursor): JsonKind => {
  const byte = peek(cursor);
  switch (byte) {
    case objectStart:
      return 'object';
    case arrayStart:
      return 'array';
    case quote:
      return 'string';
    case 0x74:
      return 'true';
    case 0x66:
      return 'false';
    case 0x6e:
      return 'null';
    default:
      if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return 'number';
      throw malformed(byte === -1 ? 'cut_short' : 'syntax', cursor.at);
  }
};

/** Moves past `true`, `false` or `null`, of which the first letter was seen. */
export const scanWord = (cursor: Cursor, word: 'true' | 'false' | 'null'): void => {
  for (let i = 0; i < word.length; i += 1) expect(cursor, word.charCodeAt(i));
};

/** Leaves the object or list when its closing bracket is under the cursor. */
const leaves = (cursor: Cursor, closing: number): boolean => {
  if (peek(cursor) !== closing) return false;
  ascend(cursor);
  return true;
};

/**
 * Walks an object. `onMember` gets each decoded name with the cursor at the value, which it must move past. A name that
 * comes twice is refused with 400: parsers disagree on which one counts.
 */
export const scanObject = (cursor: Cursor, onMember: (name: string) => void): void => {
  descend(cursor);
  skipSpace(cursor);
  if (leaves(cursor, objectEnd)) return;
  let names: Set<string> | undefined;
  let firstName: string | undefined;
  for (;;) {
    if (peek(cursor) !== quote) expect(cursor, quote);
    const nameAt = cursor.at;
    const name = scanString(cursor);
    if (firstName === undefined) firstName = name;
    else {
      names ??= new Set([firstName]);
      if (names.has(name)) throw malformed('duplicate_name', nameAt);
      names.add(name);
    }
    skipSpace(cursor);
    expect(cursor, colon);
    skipSpace(cursor);
    onMember(name);
    skipSpace(cursor);
    if (leaves(cursor, objectEnd)) return;
    expect(cursor, comma);
    skipSpace(cursor);
  }
};

/** Walks a list. `onItem` gets each index with the cursor at the value, which it must move past. */
export const scanArray = (cursor: Cursor, onItem: (index: number) => void): void => {
  descend(cursor);
  skipSpace(cursor);
  if (leaves(cursor, arrayEnd)) return;
  for (let index = 0; ; index += 1) {
    onItem(index);
    skipSpace(cursor);
    if (leaves(cursor, arrayEnd)) return;
    expect(cursor, comma);
    skipSpace(cursor);
  }
};

/** Checks and moves past one value of any kind. */
export const skipValue = (cursor: Cursor): void => {
  const kind = kindAt(cursor);
  if (kind === 'object') scanObject(cursor, () => skipValue(cursor));
  else if (kind === 'array') scanArray(cursor, () => skipValue(cursor));
  else if (kind === 'string') skipString(cursor);
  else if (kind === 'number') skipNumber(cursor);
  else scanWord(cursor, kind);
};

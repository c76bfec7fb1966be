import { isUtf8 } from 'node:buffer';
import { fieldError, VaultError } from '@scaivault/errors';

/** Deepest nesting of objects and lists, the outermost one counted (rest-api-core 1.1). */
const maxDepth = 32;

/** A place in JSON text that is read once from front to back; the scanning functions move it. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
  depth: number;
  /** White space bytes passed so far: two equal readings say that nothing between them can be left out. */
  spaces: number;
  /** Member of the outermost object that is being read, for messages. */
  member: string;
}

/** A cursor at the start of a text. 400 `invalid_request` when the text is not UTF-8. */
export const openCursor = (bytes: Uint8Array): Cursor => {
  if (!isUtf8(bytes)) throw malformed('not_utf8');
  return {
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    at: 0,
    depth: 0,
    spaces: 0,
    member: '',
  };
};

/** 400 `invalid_request` for text that is not JSON; says nothing of the content. */
export const malformed = (reason: string, at?: number): VaultError =>
  new VaultError('invalid_request', 'The body is not well-formed JSON.', {
    details: at === undefined ? { reason } : { reason, offset: at },
  });

/** The byte under the cursor, -1 at the end. */
export const peek = (cursor: Cursor): number => cursor.bytes[cursor.at] ?? -1;

/** Moves past the four white space characters of RFC 8259. */
export const skipSpace = (cursor: Cursor): void => {
  const { bytes } = cursor;
  let at = cursor.at;
  while (isSpace(bytes[at])) at += 1;
  cursor.spaces += at - cursor.at;
  cursor.at = at;
};

/** Space, tab, line feed or carriage return. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Moves past one byte that must be there. */
export const expect = (cursor: Cursor, byte: number): void => {
  if (peek(cursor) !== byte) throw malformed(peek(cursor) === -1 ? 'cut_short' : 'syntax', cursor.at);
  cursor.at += 1;
};

/** Enters an object or a list; 422 `validation_error` below the deepest level. */
export const descend = (cursor: Cursor): void => {
  cursor.at += 1;
  cursor.depth += 1;
  if (cursor.depth > maxDepth) {
    throw fieldError(cursor.member, 'range', `The body is nested deeper than ${maxDepth} levels.`);
  }
};

/** Leaves an object or a list. */
export const ascend = (cursor: Cursor): void => {
  cursor.at += 1;
  cursor.depth -= 1;
};

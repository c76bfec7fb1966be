import { type Cursor, malformed, openCursor, peek, skipSpace } from './cursor.ts';
import { kindAt, scanObject } from './scan.ts';

/** Enough to recognise a member, too little to fill an answer. */
export const shownNameLength = 128;

/**
 * Reads a body that must be one JSON object and nothing else; 400 `invalid_request` otherwise (rest-api-core 1.1, 15).
 * `onMember` gets each member of the object with the cursor at its value, which it must move past.
 */
export const scanDocument = (bytes: Uint8Array, onMember: (cursor: Cursor, name: string) => void): void => {
  if (bytes.length === 0) throw malformed('empty_body');
  const cursor = openCursor(bytes);
  skipSpace(cursor);
  if (kindAt(cursor) !== 'object') throw malformed('not_an_object');
  scanObject(cursor, (name) => {
    cursor.member = name.slice(0, shownNameLength);
    onMember(cursor, name);
  });
  skipSpace(cursor);
  if (peek(cursor) !== -1) throw malformed('trailing_text', cursor.at);
};

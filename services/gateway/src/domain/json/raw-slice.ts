import { type Cursor, isSpace } from './cursor.ts';
import { skipValue } from './scan.ts';

const quote = 0x22;
const backslash = 0x5c;

/** Copies checked JSON without the white space between its parts. */
const compact = (text: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(text.length);
  let length = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const byte = text[i] ?? 0;
    if (!inString && isSpace(byte)) continue;
    out[length++] = byte;
    if (byte === quote) inString = !inString;
    else if (byte === backslash) out[length++] = text[++i] ?? 0;
  }
  return out.slice(0, length);
};

/**
 * The value under the cursor as a copy of its text: names, strings and numbers stay byte for byte as the client wrote
 * them, since only the client knows what they mean; white space between them goes.
 */
export const scanRaw = (cursor: Cursor): Uint8Array<ArrayBuffer> => {
  const { at: start, spaces } = cursor;
  skipValue(cursor);
  const text = cursor.bytes.subarray(start, cursor.at);
  return cursor.spaces === spaces ? new Uint8Array(text) : compact(text);
};

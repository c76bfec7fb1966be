import { fieldError } from '@scaivault/errors';

/** As deep as a body may be (rest-api-core 1.1). */
const deepest = 32;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const quote = 0x22;
const backslash = 0x5c;

/** How deep objects and lists nest in text that is JSON. */
const depthOf = (text: string): number => {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      for (i += 1; text.charCodeAt(i) !== quote; i += 1) if (text.charCodeAt(i) === backslash) i += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      most = Math.max(most, depth);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return most;
};

/** JSON of any kind that a raw field holds; 422 for bytes that are none, without a word of their content. */
export const parseJson = (
  bytes: Uint8Array,
  field: string,
  wanted: string,
): { readonly text: string; readonly value: unknown } => {
  try {
    const text = decoder.decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw fieldError(field, 'type', `must be ${wanted}`);
  }
};

export interface JsonObject {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The JSON object that a raw field holds; 422 for anything else, without a word of its content. */
export const readJsonObject = (bytes: Uint8Array, field: string): JsonObject => {
  const { text, value } = parseJson(bytes, field, 'a JSON object');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fieldError(field, 'type', 'must be a JSON object');
  }
  if (depthOf(text) > deepest) throw fieldError(field, 'length', `must nest at most ${deepest} levels deep`);
  return { text, value: value as Record<string, unknown> };
};

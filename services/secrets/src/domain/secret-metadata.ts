import { type FieldViolation, validationError } from '@scaivault/errors';
import { readJsonObject } from './json-object.ts';
import { payloadTooLarge } from './secret-data.ts';

/** Metadata as it is stored. */
export interface SecretMetadata {
  /** A JSON object with `description`, `owner` and `tags` at least. */
  readonly text: string;
  readonly tags: readonly string[];
}

const maxBytes = 16_384;
const maxTags = 64;
const maxCharacters = { description: 1024, owner: 256 } as const;
const tagForm = /^[a-z0-9][a-z0-9._:-]{0,63}$/;

/** Source texts of numbers survive a parse and a print (ECMAScript, JSON.parse source text access). */
const sourceJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown,
  ): Record<string, unknown>;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/** JSON whose numbers stay digit by digit when it is printed again. */
const parseExact = (text: string): Record<string, unknown> =>
  sourceJson.parse(text, (_key, value, { source }) => (typeof value === 'number' ? sourceJson.rawJSON(source) : value));

const readText = (value: unknown, name: keyof typeof maxCharacters, violations: FieldViolation[]): string | null => {
  if (value === undefined || value === null) return null;
  const field = `metadata.${name}`;
  if (typeof value !== 'string') {
    violations.push({ field, rule: 'type', message: 'must be a string' });
    return null;
  }
  const most = maxCharacters[name];
  if ([...value].length > most) {
    violations.push({ field, rule: 'length', message: `must have at most ${most} characters` });
  }
  return value;
};

const readTags = (value: unknown, violations: FieldViolation[]): readonly string[] => {
  const field = 'metadata.tags';
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    violations.push({ field, rule: 'type', message: 'must be a list of strings' });
    return [];
  }
  // Before duplicates are folded: the limit speaks of what was sent.
  if (value.length > maxTags) {
    violations.push({ field, rule: 'length', message: `must have at most ${maxTags} items` });
    return [];
  }
  for (const [index, tag] of value.entries()) {
    if (typeof tag !== 'string') {
      violations.push({ field: `${field}[${index}]`, rule: 'type', message: 'must be a string' });
    } else if (!tagForm.test(tag)) {
      violations.push({
        field: `${field}[${index}]`,
        rule: 'format',
        message: 'must be 1 to 64 of a-z 0-9 . _ : - and begin with a letter or digit',
      });
    }
  }
  return [...new Set(value as readonly string[])];
};

/**
 * Metadata as sent, checked and spelled out (rest-api-core 4.1, 4.3): the three named keys first, with their defaults,
 * then the free keys, whose numbers stay digit by digit. 413 above 16 KiB, 422 for everything else.
 */
export const parseMetadata = (bytes: Uint8Array): SecretMetadata => {
  if (bytes.length > maxBytes) throw payloadTooLarge('The metadata', maxBytes, bytes.length);
  const { text } = readJsonObject(bytes, 'metadata');
  const sent = parseExact(text);
  const violations: FieldViolation[] = [];
  const named = {
    description: readText(sent.description, 'description', violations),
    owner: readText(sent.owner, 'owner', violations),
    tags: readTags(sent.tags, violations),
  };
  if (violations.length > 0) throw validationError(violations);
  const free = Object.entries(sent).filter(([key]) => !Object.hasOwn(named, key));
  // A list of entries, since assigning `__proto__` would not make a key of that name.
  const whole = Object.fromEntries([...Object.entries(named), ...free]);
  return { text: JSON.stringify(whole), tags: named.tags };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !sourceJson.isRawJSON(value);

/** RFC 7396, section 2. */
const mergePatch = (present: unknown, patch: unknown): unknown => {
  if (!isObject(patch)) return patch;
  const members = new Map(isObject(present) ? Object.entries(present) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) members.delete(key);
    else members.set(key, mergePatch(members.get(key), value));
  }
  return Object.fromEntries(members);
};

/** What can be said of a patch alone: 413 above 16 KiB, 422 when it is no JSON object. */
export const checkMetadataPatch = (patch: Uint8Array): Record<string, unknown> => {
  if (patch.length > maxBytes) throw payloadTooLarge('The metadata', maxBytes, patch.length);
  return parseExact(readJsonObject(patch, 'metadata').text);
};

/**
 * The present metadata with a patch merged into it (rest-api-core 4.3), key by key and into nested objects, null removing
 * a key. 413 and 422 as `parseMetadata`, for the patch and for what comes of it.
 */
export const mergeMetadata = (presentText: string, patch: Uint8Array): SecretMetadata => {
  const merged = mergePatch(parseExact(presentText), checkMetadataPatch(patch));
  return parseMetadata(Buffer.from(JSON.stringify(merged)));
};

/** The tags of metadata as it is stored. */
export const tagsOf = (text: string): readonly string[] =>
  (JSON.parse(text) as { readonly tags: readonly string[] }).tags;

/** What a secret has whose first version came without metadata. */
export const noMetadata: SecretMetadata = { text: '{"description":null,"owner":null,"tags":[]}', tags: [] };

import { VaultError } from '@scaivault/errors';

/** The entity tag of a version's value, quotes included (rest-api-core 1.7). */
export const versionTag = (version: number): string => `"v${version}"`;

/** The entity tag of a secret's metadata: a change of it makes no new version (rest-api-core 1.7). */
export const revisionTag = (revision: number): string => `"m${revision}"`;

const forms = { version: /^"v([1-9]\d{0,8})"$/, revision: /^"m([1-9]\d{0,8})"$/ } as const;
const examples = { version: versionTag(3), revision: revisionTag(3) } as const;
/** RFC 9110, 8.8.3: weak or strong, any visible characters but the quote. */
const anyTag = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

const malformed = (header: string, wanted: string): VaultError =>
  new VaultError('invalid_request', `${header} must be ${wanted}.`, {
    details: { reason: 'malformed_header', header },
  });

/** What `If-Match` asks for: a number, or `*`; 400 `invalid_request` for anything else (rest-api-core 15). */
export const parseIfMatch = (text: string, kind: keyof typeof forms = 'version'): number | '*' => {
  const trimmed = text.trim();
  if (trimmed === '*') return '*';
  const number = forms[kind].exec(trimmed)?.[1];
  if (number === undefined) throw malformed('If-Match', `* or one ${kind} tag such as ${examples[kind]}`);
  return Number(number);
};

/** `If-None-Match` of a write knows one form only; another one would be a condition that nobody looks at. */
export const requireAnyVersion = (ifNoneMatch: string): void => {
  if (ifNoneMatch.trim() !== '*') throw malformed('If-None-Match', '*');
};

/** The tags of a reader's `If-None-Match`, or `*`; 400 `invalid_request` when it is no list of tags. */
export const parseIfNoneMatch = (text: string): readonly string[] | '*' => {
  const tags = text.split(',').map((tag) => tag.trim());
  if (tags.length === 1 && tags[0] === '*') return '*';
  if (!tags.every((tag) => anyTag.test(tag))) throw malformed('If-None-Match', '* or a list of entity tags');
  return tags;
};

/** Whether a reader who sent this `If-None-Match` has what the tag stands for: weak comparison (RFC 9110, 13.1.2). */
export const isNamedBy = (ifNoneMatch: string, currentTag: string): boolean => {
  const tags = parseIfNoneMatch(ifNoneMatch);
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === currentTag);
};

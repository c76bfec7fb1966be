import { VaultError } from '@scaivault/errors';

export const maxPathLength = 512;
export const maxPathSegments = 10;

export type PathFault = 'grammar' | 'too_long' | 'too_many_segments' | 'reserved_prefix';

const pathText = /^[a-z0-9_-]+(?:\/[a-z0-9_-]+)*$/;

const faultMessages: Record<PathFault, string> = {
  grammar: 'A path is segments of a-z, 0-9, "_" and "-" joined by single slashes.',
  too_long: `A path has at most ${maxPathLength} characters.`,
  too_many_segments: `A path has at most ${maxPathSegments} segments.`,
  reserved_prefix: 'The first segment of this path is reserved.',
};

const countSegments = (text: string): number => text.split('/').length;

/** The first way in which `text` breaks the path grammar under these bounds; undefined when it is sound. */
export const findPathFault = (
  text: string,
  bounds: { readonly length: number; readonly segments: number },
): PathFault | undefined => {
  // Length comes first, so that the other two checks only ever see short text.
  if (text.length > bounds.length) return 'too_long';
  if (!pathText.test(text)) return 'grammar';
  if (countSegments(text) > bounds.segments) return 'too_many_segments';
  return undefined;
};

/** 400 `invalid_path`; a path over the permitted length is cut in the details, so that the answer stays small. */
export const invalidPath = (text: string, reason: PathFault): VaultError =>
  new VaultError('invalid_path', faultMessages[reason], {
    details: { path: text.length > maxPathLength + 8 ? `${text.slice(0, maxPathLength)}...` : text, reason },
  });

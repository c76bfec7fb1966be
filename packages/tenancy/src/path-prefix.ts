import { findPathFault, invalidPath, maxPathLength, maxPathSegments } from './path-grammar.ts';

/** What a prefix covers, as byte-order bounds for an index scan (`collate "C"`). */
export interface PathRange {
  /** The one path that is equal to the prefix, or null when only paths below it are covered. */
  readonly self: string | null;
  /** Paths below the prefix satisfy `from <= path and path < before`. */
  readonly from: string;
  readonly before: string;
}

export interface PathPrefix {
  /** As it was sent. */
  readonly text: string;
  /** True for a path this prefix covers; whole segments, so `app` covers `app` and `app/x` but not `apple`. */
  covers(path: string): boolean;
  range(): PathRange;
}

/**
 * A `prefix` or `path_prefix` (rest-api-core 1.1): with a closing slash it covers only what lies below. Reserved first
 * segments are allowed, since tenant lists show `partner/<path>`. 400 `invalid_path` when it is no path.
 */
export const parsePathPrefix = (text: string): PathPrefix => {
  const path = text.endsWith('/') ? text.slice(0, -1) : text;
  const fault = findPathFault(path, { length: maxPathLength + 'partner/'.length, segments: maxPathSegments + 1 });
  if (fault !== undefined) throw invalidPath(text, fault);

  const self = path === text ? path : null;
  const from = `${path}/`;
  // '0' is the byte after '/', and no path byte lies between them. A scan from `path` itself to `before` would also
  // meet `path-x`, because '-' sorts before '/': hence `self` stands apart.
  const before = `${path}0`;
  return {
    text,
    covers: (candidate) => candidate === self || candidate.startsWith(from),
    range: () => ({ self, from, before }),
  };
};

import type { Glob } from '@scaivault/tenancy';
import type { CompiledRule } from './compile-rule.ts';

type RuleList = readonly CompiledRule[];

/** Rules whose patterns start with the same literal text. */
interface Bucket {
  /** Those whose pattern names no whole segment behind that text. */
  readonly open: CompiledRule[];
  /** The others, by one segment that every path they match must hold. */
  readonly bySegment: Map<string, CompiledRule[]>;
}

/** The rules of a bundle that speak of one permission, found by what a path looks like; each list in order. */
export interface PathIndex {
  /** Patterns without a wildcard. */
  readonly exact: ReadonlyMap<string, RuleList>;
  /** Patterns with one, by the literal text in front of it: `env/prod/app-` for `env/prod/app-*`. */
  readonly byPrefix: ReadonlyMap<string, Bucket>;
  /** The lengths those texts have; a path is cut at these and nowhere else. */
  readonly prefixLengths: readonly number[];
}

const append = (index: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void => {
  const list = index.get(key);
  if (list === undefined) index.set(key, [rule]);
  else list.push(rule);
};

/** Whole literal segments behind the first wildcard, the only ones left to tell patterns of one prefix apart. */
const laterSegments = ({ pattern, literalPrefix }: Glob): readonly string[] =>
  pattern
    .slice(literalPrefix.lastIndexOf('/') + 1)
    .split('/')
    .slice(1)
    .filter((segment) => !segment.includes('*') && !segment.includes('?'));

const countSegments = (rules: RuleList): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { glob } of rules) {
    for (const segment of laterSegments(glob)) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  return counts;
};

/** The segment that tells a rule apart best: of those a path must hold, the one that fewest patterns name. */
const rarestSegment = (glob: Glob, counts: ReadonlyMap<string, number>): string | undefined =>
  laterSegments(glob).reduce<string | undefined>(
    (best, segment) => (best === undefined || (counts.get(segment) ?? 0) < (counts.get(best) ?? 0) ? segment : best),
    undefined,
  );

export const createPathIndex = (rules: RuleList): PathIndex => {
  const exact = new Map<string, CompiledRule[]>();
  const byPrefix = new Map<string, Bucket>();
  const counts = countSegments(rules);
  for (const rule of rules) {
    const { pattern, literalPrefix } = rule.glob;
    if (literalPrefix === pattern) {
      append(exact, pattern, rule);
      continue;
    }
    const bucket: Bucket = byPrefix.get(literalPrefix) ?? { open: [], bySegment: new Map() };
    byPrefix.set(literalPrefix, bucket);
    const segment = rarestSegment(rule.glob, counts);
    if (segment === undefined) bucket.open.push(rule);
    else append(bucket.bySegment, segment, rule);
  }
  const lengths = new Set(Array.from(byPrefix.keys(), (prefix) => prefix.length));
  return { exact, byPrefix, prefixLengths: [...lengths].sort((a, b) => a - b) };
};

/** The lists that hold every rule whose pattern could match this path, and no rule twice. */
export const rulesNear = ({ exact, byPrefix, prefixLengths }: PathIndex, path: string): RuleList[] => {
  const lists: RuleList[] = [];
  const add = (list: RuleList | undefined): void => {
    if (list !== undefined && list.length > 0) lists.push(list);
  };
  add(exact.get(path));
  let segments: ReadonlySet<string> | undefined;
  for (const length of prefixLengths) {
    if (length > path.length) break;
    const bucket = byPrefix.get(path.slice(0, length));
    if (bucket === undefined) continue;
    add(bucket.open);
    if (bucket.bySegment.size === 0) continue;
    segments ??= new Set(path.split('/'));
    for (const segment of segments) add(bucket.bySegment.get(segment));
  }
  return lists;
};

/** Shows the rules of several ordered lists in their common order until `visit` gives an answer. */
export const visitMerged = <Answer>(
  lists: readonly RuleList[],
  visit: (rule: CompiledRule) => Answer | undefined,
): Answer | undefined => {
  const cursors = lists.map(() => 0);
  for (;;) {
    let next: CompiledRule | undefined;
    let from = -1;
    for (let list = 0; list < lists.length; list++) {
      const head = lists[list]?.[cursors[list] ?? 0];
      if (head !== undefined && (next === undefined || head.order < next.order)) {
        next = head;
        from = list;
      }
    }
    if (next === undefined) return undefined;
    cursors[from] = (cursors[from] ?? 0) + 1;
    const answer = visit(next);
    if (answer !== undefined) return answer;
  }
};

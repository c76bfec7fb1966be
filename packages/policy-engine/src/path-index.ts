import type { Glob } from '@scaivault/tenancy';
import type { CompiledRule } from './compile-rule.ts';

/** Rules by the literal directory their pattern starts with; each list in the order of the rules. */
export type PathIndex = ReadonlyMap<string, readonly CompiledRule[]>;

/** The whole segments in front of the first wildcard: `env/prod` for `env/prod/app-*`, the pattern itself without one. */
const literalDirectory = ({ pattern, literalPrefix }: Glob): string =>
  literalPrefix === pattern ? pattern : literalPrefix.slice(0, Math.max(0, literalPrefix.lastIndexOf('/')));

export const createPathIndex = (rules: Iterable<CompiledRule>): PathIndex => {
  const index = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const directory = literalDirectory(rule.glob);
    const list = index.get(directory);
    if (list === undefined) index.set(directory, [rule]);
    else list.push(rule);
  }
  return index;
};

/** The lists that hold every rule whose pattern could match: one for each directory above the path, and its own. */
export const rulesNear = (index: PathIndex, path: string): (readonly CompiledRule[])[] => {
  const lists: (readonly CompiledRule[])[] = [];
  const add = (directory: string): void => {
    const list = index.get(directory);
    if (list !== undefined) lists.push(list);
  };
  add('');
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) add(path.slice(0, slash));
  add(path);
  return lists;
};

/** Shows the rules of several ordered lists in their common order until `visit` gives an answer. */
export const visitMerged = <Answer>(
  lists: readonly (readonly CompiledRule[])[],
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

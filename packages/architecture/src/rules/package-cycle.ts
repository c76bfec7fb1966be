import type { Rule } from '../rule.ts';
import type { Workspace } from '../tree.ts';

/** The shortest way from a workspace back to itself along `dependencies`, both ends included. */
const findCycle = (start: Workspace, byName: ReadonlyMap<string, Workspace>): readonly string[] | undefined => {
  const queue: (readonly string[])[] = [[start.name]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const next of byName.get(path.at(-1) ?? '')?.dependencies ?? []) {
      if (next === start.name) return [...path, next];
      if (!byName.has(next) || seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
};

/** Packages depend on each other in one direction. Tests may close a circle: `devDependencies` do not count. */
export const packageCycle: Rule = {
  id: 'package-cycle',
  reason: 'packages in a circle are one package that pretends to be several',
  *find({ workspaces }) {
    const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
    for (const workspace of workspaces) {
      const cycle = findCycle(workspace, byName);
      // Each circle is reported once, by the member whose name comes first.
      if (cycle === undefined || cycle.some((name) => name < workspace.name)) continue;
      yield {
        path: `${workspace.folder}/package.json`,
        line: 1,
        what: cycle.join(' → '),
        fix: 'move what both need into the lower package, or pass it in as a parameter',
      };
    }
  },
};

import type { Finding, Rule } from './rule.ts';
import type { Tree } from './tree.ts';

export interface Violation extends Finding {
  readonly rule: string;
  readonly reason: string;
}

/** What a checker must have seen before its silence means anything. */
export interface Floor {
  readonly modules: number;
  readonly imports: number;
}

const countImports = (tree: Tree): number => tree.modules.reduce((sum, module) => sum + module.imports.length, 0);

/**
 * Applies every rule to a tree. A checker that reads nothing finds nothing, so fewer modules or imports than the floor
 * is a violation (`floor`) of its own.
 */
export const checkTree = (tree: Tree, rules: readonly Rule[], floor: Floor): Violation[] => {
  const violations = rules.flatMap(({ id, reason, find }) =>
    Array.from(find(tree), (finding): Violation => ({ ...finding, rule: id, reason })),
  );
  const importCount = countImports(tree);
  if (tree.modules.length < floor.modules || importCount < floor.imports) {
    violations.push({
      path: 'packages/architecture/src/main.ts',
      line: 1,
      rule: 'floor',
      what: `read ${tree.modules.length} modules and ${importCount} imports, expected at least ${floor.modules} and ${floor.imports}`,
      fix: 'find out why the checker no longer sees the tree',
      reason: 'a checker that reads nothing finds nothing',
    });
  }
  return violations;
};

/** One line: `file:line rule-id what — how to fix (why)`. */
export const formatViolation = ({ path, line, rule, what, fix, reason }: Violation): string =>
  `${path}:${line} ${rule} ${what} — ${fix} (${reason})`;

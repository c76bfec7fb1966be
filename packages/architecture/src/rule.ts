import type { Import, Module, Tree } from './tree.ts';

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  readonly fix: string;
}

/** One rule of the house: `reason` is shown with each finding, so that nobody has to look it up. */
export interface Rule {
  readonly id: string;
  readonly reason: string;
  readonly find: (tree: Tree) => Iterable<Finding>;
}

/** A rule that judges one module at a time. */
export const perModule = (judge: (module: Module, tree: Tree) => Iterable<Finding>): Rule['find'] =>
  function* (tree) {
    for (const module of tree.modules) yield* judge(module, tree);
  };

type Complaint = Pick<Finding, 'what' | 'fix'>;

/** A rule that judges one import at a time; `undefined` means that it is fine. */
export const perImport = (judge: (used: Import, module: Module, tree: Tree) => Complaint | undefined): Rule['find'] =>
  perModule(function* (module, tree) {
    for (const used of module.imports) {
      const complaint = judge(used, module, tree);
      if (complaint !== undefined) yield { path: module.path, line: used.line, ...complaint };
    }
  });

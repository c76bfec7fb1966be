/** A package or a service: one folder with a package.json. */
export interface Workspace {
  readonly name: string;
  /** From the root of the repository, such as `packages/db`. */
  readonly folder: string;
  readonly isService: boolean;
  /** The keys of `exports`, such as `.` or `./module`; a `*` stands for any text. */
  readonly exports: readonly string[];
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

/** What an import names, worked out once so that no rule parses a specifier. */
export type ImportTarget =
  | { readonly kind: 'file'; readonly path: string; readonly owner: Workspace | undefined }
  | { readonly kind: 'package'; readonly name: string; readonly subpath: string; readonly owner: Workspace | undefined }
  | { readonly kind: 'builtin' }
  | { readonly kind: 'computed' };

export interface Import {
  /** As written; empty when it is computed at run time. */
  readonly specifier: string;
  readonly line: number;
  readonly target: ImportTarget;
}

export interface Fault {
  readonly line: number;
  readonly message: string;
}

export interface Module {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly owner: Workspace;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  /** The lines that read the environment of the process. */
  readonly environmentReads: readonly number[];
  readonly faults: readonly Fault[];
}

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Tree {
  readonly workspaces: readonly Workspace[];
  readonly modules: readonly Module[];
  /** Every file of every workspace, modules or not; generated code is left out. */
  readonly files: readonly string[];
  /** Tools of the whole repository, which tests and scripts may use without naming them again. */
  readonly rootDependencies: ReadonlySet<string>;
  readonly decisions: readonly TextFile[];
}

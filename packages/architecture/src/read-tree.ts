import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { parseModule } from './parse-module.ts';
import type { ImportTarget, Module, TextFile, Tree, Workspace } from './tree.ts';

interface Manifest {
  readonly name: string;
  readonly exports?: string | Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const moduleEnding = /\.[cm]?[jt]sx?$/;
const skipped = new Set(['node_modules', 'dist', 'coverage', '.turbo']);
const generated = 'packages/contracts/src/gen/';
/** Broken on purpose: what the rules must find there, and nothing else, is the self-test's business. */
const fixtures = 'packages/architecture/fixtures/';

const readManifest = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest;

const readWorkspace = (root: string, folder: string): Workspace => {
  const manifest = readManifest(join(root, folder, 'package.json'));
  const { exports = {} } = manifest;
  return {
    name: manifest.name,
    folder,
    isService: folder.startsWith('services/'),
    exports: typeof exports === 'string' ? ['.'] : Object.keys(exports),
    dependencies: new Set(
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }),
    ),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
};

const createTargetFinder = (workspaces: readonly Workspace[]) => {
  const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
  return (from: string, specifier: string | undefined): ImportTarget => {
    if (specifier === undefined) return { kind: 'computed' };
    if (specifier.startsWith('.')) {
      const path = posix.join(posix.dirname(from), specifier);
      return { kind: 'file', path, owner: workspaces.find(({ folder }) => path.startsWith(`${folder}/`)) };
    }
    if (isBuiltin(specifier)) return { kind: 'builtin' };
    const parts = specifier.split('/');
    const nameLength = specifier.startsWith('@') ? 2 : 1;
    const name = parts.slice(0, nameLength).join('/');
    const subpath = ['.', ...parts.slice(nameLength)].join('/');
    return { kind: 'package', name, subpath, owner: byName.get(name) };
  };
};

const findFiles = (root: string, pattern: string): string[] =>
  globSync(pattern, { cwd: root, withFileTypes: true, exclude: (entry) => skipped.has(entry.name) })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith(fixtures) && !path.startsWith(generated))
    .sort();

const readTexts = (root: string, pattern: string): TextFile[] =>
  findFiles(root, pattern).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/**
 * Reads the whole repository below `root`: every workspace under packages/ and services/ with its modules parsed and
 * their imports resolved to what they name. Generated code is not read.
 */
export const readTree = (root: string): Tree => {
  const workspaces = findFiles(root, '{packages,services}/*/package.json').map((path) =>
    readWorkspace(root, posix.dirname(path)),
  );
  const targetOf = createTargetFinder(workspaces);
  const rooms = workspaces.map((owner) => ({ owner, paths: findFiles(root, `${owner.folder}/**`) }));
  const readModule = (owner: Workspace, path: string): Module => {
    const parsed = parseModule(path, readFileSync(join(root, path), 'utf8'));
    return {
      ...parsed,
      path,
      owner,
      imports: parsed.imports.map(({ specifier, line }) => ({
        specifier: specifier ?? '',
        line,
        target: targetOf(path, specifier),
      })),
    };
  };
  const rootManifest = join(root, 'package.json');
  return {
    workspaces,
    files: rooms.flatMap(({ paths }) => paths),
    modules: rooms.flatMap(({ owner, paths }) =>
      paths.filter((path) => moduleEnding.test(path)).map((path) => readModule(owner, path)),
    ),
    rootDependencies: new Set(
      existsSync(rootManifest) ? Object.keys(readManifest(rootManifest).devDependencies ?? {}) : [],
    ),
    decisions: readTexts(root, 'packages/architecture/decisions/*'),
  };
};

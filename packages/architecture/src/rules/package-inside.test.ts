import { describe, expect, it } from 'vitest';
import type { ImportTarget, Module, Workspace } from '../tree.ts';
import { packageInside } from './package-inside.ts';

const workspace = (folder: string, exports: readonly string[] = ['.']): Workspace => ({
  name: `@scaivault/${folder.split('/')[1]}`,
  folder,
  isService: folder.startsWith('services/'),
  exports,
  dependencies: new Set(),
  devDependencies: new Set(),
});

const allInOne = workspace('services/all-in-one');
const secrets = workspace('services/secrets', ['./module', './jobs/*']);

const judge = (owner: Workspace, target: ImportTarget) => {
  const imports = [{ specifier: 'written', line: 1, target }];
  const path = `${owner.folder}/src/start.ts`;
  const module: Module = { path, owner, lineCount: 1, imports, environmentReads: [], faults: [] };
  const tree = { workspaces: [], modules: [module], files: [], rootDependencies: new Set<string>(), decisions: [] };
  return [...packageInside.find(tree)].map(({ what }) => what);
};

const named = (owner: Workspace, subpath: string): ImportTarget => ({
  kind: 'package',
  name: owner.name,
  subpath,
  owner,
});

describe('a workspace', () => {
  it('is not entered by a path, not even by all-in-one', () => {
    const target: ImportTarget = { kind: 'file', path: 'services/secrets/src/module.ts', owner: secrets };
    expect(judge(allInOne, target)).toEqual(['written leaves services/all-in-one']);
  });

  it('is not left for a file of nobody', () => {
    expect(judge(secrets, { kind: 'file', path: 'vitest.config.ts', owner: undefined })).toHaveLength(1);
  });

  it.each(['./module', './jobs/sweep'])('is entered by its export %s', (subpath) => {
    expect(judge(allInOne, named(secrets, subpath))).toEqual([]);
  });

  it.each(['.', './src/module.ts', './jobs'])('is not entered by %s, which it does not export', (subpath) => {
    expect(judge(allInOne, named(secrets, subpath))).toEqual(['written is not exported']);
  });
});

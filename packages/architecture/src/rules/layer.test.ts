import { describe, expect, it } from 'vitest';
import type { Module, Workspace } from '../tree.ts';
import { layer } from './layer.ts';

const owner: Workspace = {
  name: '@scaivault/pki',
  folder: 'services/pki',
  isService: true,
  exports: [],
  dependencies: new Set(),
  devDependencies: new Set(),
};

const judge = (from: string, to: string, service = owner) => {
  const path = `${service.folder}/src/${to}`;
  const module: Module = {
    path: `${service.folder}/src/${from}`,
    owner: service,
    lineCount: 1,
    imports: [{ specifier: to, line: 1, target: { kind: 'file', path, owner: service } }],
    environmentReads: [],
    faults: [],
  };
  const tree = { workspaces: [], modules: [module], files: [], rootDependencies: new Set<string>(), decisions: [] };
  return [...layer.find(tree)].length;
};

describe('inside a service', () => {
  it.each([
    ['domain/a.ts', 'ports.ts'],
    ['domain/a.ts', 'config.ts'],
    ['ports.ts', 'app/a.ts'],
    ['app/a.ts', 'store/a.ts'],
    ['app/a.ts', 'config.ts'],
    ['rpc/a.ts', 'store/a.ts'],
    ['store/a.ts', 'adapters/a.ts'],
    ['adapters/a.ts', 'rpc/a.ts'],
    ['sweeper/a.ts', 'rpc/a.ts'],
    ['rpc/a.ts', 'sweeper/a.ts'],
    ['config.ts', 'store/a.ts'],
    ['rpc/a.ts', 'module.ts'],
    ['module.ts', 'main.ts'],
    ['module.ts', 'migrate.ts'],
  ])('%s may not import %s', (from, to) => {
    expect(judge(from, to)).toBe(1);
  });

  it.each([
    ['domain/a.ts', 'domain/b/c.ts'],
    ['ports/a.ts', 'domain/a.ts'],
    ['app/a.ts', 'ports.ts'],
    ['rpc/a.ts', 'app/a.ts'],
    ['store/a.ts', 'domain/a.ts'],
    ['adapters/a.ts', 'config.ts'],
    ['sweeper/a.ts', 'journal/b.ts'],
    ['module.ts', 'store/a.ts'],
    ['main.ts', 'module.ts'],
    ['migrate.ts', 'store/a.ts'],
    ['domain/a.test.ts', 'store/a.ts'],
  ])('%s may import %s', (from, to) => {
    expect(judge(from, to)).toBe(0);
  });
});

describe('outside of services', () => {
  it('there are no layers', () => {
    expect(judge('domain/a.ts', 'store/a.ts', { ...owner, folder: 'packages/pki', isService: false })).toBe(0);
  });

  it('nor in all-in-one, which only composes', () => {
    expect(judge('domain/a.ts', 'store/a.ts', { ...owner, folder: 'services/all-in-one' })).toBe(0);
  });
});

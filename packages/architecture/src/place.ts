import type { Module } from './tree.ts';

const inside = (module: Module): string => module.path.slice(module.owner.folder.length + 1);

/** Tests and what only they use: `*.test.ts` anywhere, and all of `test/`. */
export const isTest = (module: Module): boolean =>
  module.path.endsWith('.test.ts') || inside(module).startsWith('test/');

/** The development tenant of all-in-one, which may stand on test-only packages. */
const isDevelopmentOnly = (module: Module): boolean => module.path.startsWith('services/all-in-one/src/dev/');

/** Code that runs in production: below `src/`, neither a test nor development only. */
export const isShipped = (module: Module): boolean =>
  inside(module).startsWith('src/') && !isTest(module) && !isDevelopmentOnly(module);

/** The composition root, the one place that may import services. */
export const isAllInOne = (module: Module): boolean => module.owner.folder === 'services/all-in-one';

export type Layer = 'domain' | 'ports' | 'app' | 'rpc' | 'store' | 'adapters' | 'config' | 'side' | 'module' | 'main';

const folders = new Set<string>(['domain', 'ports', 'app', 'rpc', 'store', 'adapters'] satisfies Layer[]);
const rootFiles = new Map<string, Layer>([
  ['ports.ts', 'ports'],
  ['config.ts', 'config'],
  ['module.ts', 'module'],
]);

/**
 * The layer of a path below a service's `src/`: its folder, or one of `ports.ts`, `config.ts`, `module.ts`. Any other
 * folder is a `side` room beside rpc, store and adapters; any other file at the top is a command, like `main.ts`.
 */
export const layerOf = (serviceFolder: string, path: string): Layer | undefined => {
  const prefix = `${serviceFolder}/src/`;
  if (!path.startsWith(prefix)) return undefined;
  const [first = '', ...rest] = path.slice(prefix.length).split('/');
  if (rest.length === 0) return rootFiles.get(first) ?? 'main';
  return folders.has(first) ? (first as Layer) : 'side';
};

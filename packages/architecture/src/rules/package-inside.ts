import { isAllInOne } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';
import type { Workspace } from '../tree.ts';

const isExported = (workspace: Workspace, subpath: string): boolean =>
  workspace.exports.some((key) => {
    const [start = '', end] = key.split('*');
    return end === undefined ? key === subpath : subpath.startsWith(start) && subpath.endsWith(end);
  });

/** A workspace is entered through the `exports` of its package.json, never by a path into it. */
export const packageInside: Rule = {
  id: 'package-inside',
  reason: 'what is not exported may change without asking anybody',
  find: perImport(({ target, specifier }, module) => {
    const { owner } = module;
    if (target.kind === 'file' && target.owner !== owner) {
      // Service boundaries have rules of their own, with better advice.
      if (target.owner?.isService && !isAllInOne(module)) return undefined;
      return {
        what: `${specifier} leaves ${owner.folder}`,
        fix: target.owner === undefined ? 'keep what it needs inside' : `import from ${target.owner.name}`,
      };
    }
    if (target.kind !== 'package' || target.owner === undefined || isExported(target.owner, target.subpath)) {
      return undefined;
    }
    return {
      what: `${specifier} is not exported`,
      fix: `import one of ${target.owner.exports.join(', ')} of ${target.owner.name}, or add it to the exports there`,
    };
  }),
};

import { isShipped } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

/** What a module imports stands in its package.json; `dependencies` for shipped code. */
export const declaredDependency: Rule = {
  id: 'declared-dependency',
  reason: 'an undeclared import works by luck of the install and breaks in the image',
  find: perImport(({ target }, module, { rootDependencies }) => {
    const { owner } = module;
    if (target.kind !== 'package' || target.name === owner.name || owner.dependencies.has(target.name))
      return undefined;
    const shipped = isShipped(module);
    if (!shipped && (owner.devDependencies.has(target.name) || rootDependencies.has(target.name))) return undefined;
    return {
      what: `${target.name} is not declared`,
      fix: `add it to ${shipped ? 'dependencies' : 'devDependencies'} in ${owner.folder}/package.json`,
    };
  }),
};

import { isShipped } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

/** Whoever stands before all services. */
const knowsAll = new Set(['services/gateway', 'packages/testkit']);

/** Of the contract a module imports the files it speaks of, by their paths in proto/. */
export const wholeContract: Rule = {
  id: 'whole-contract',
  reason: 'what is imported is taken apart by every process at its start',
  find: perImport(({ target, specifier }, module) => {
    if (!('owner' in target) || target.owner?.folder !== 'packages/contracts' || !isShipped(module)) return undefined;
    if (specifier !== target.owner.name || knowsAll.has(module.owner.folder)) return undefined;
    return { what: `imports all of ${specifier}`, fix: `import ${specifier}/<service>/v1/<file>` };
  }),
};

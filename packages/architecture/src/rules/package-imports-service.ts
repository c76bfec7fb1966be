import { perImport, type Rule } from '../rule.ts';

/** Packages are below services and never know them. */
export const packageImportsService: Rule = {
  id: 'package-imports-service',
  reason: 'a package that knows a service cannot be used by the others',
  find: perImport(({ target, specifier }, module) => {
    if (module.owner.isService || !('owner' in target) || !target.owner?.isService) return undefined;
    return {
      what: `${module.owner.folder} imports ${target.owner.folder} (${specifier})`,
      fix: 'take what you need as a parameter, or move it down into a package',
    };
  }),
};

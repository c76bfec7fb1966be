import { isAllInOne } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

/** No service imports another one; only services/all-in-one puts them together. */
export const serviceImportsService: Rule = {
  id: 'service-imports-service',
  reason: 'services meet on the wire only, so that each can be deployed, restarted and scaled alone',
  find: perImport(({ target, specifier }, module) => {
    if (!module.owner.isService || isAllInOne(module) || !('owner' in target)) return undefined;
    if (!target.owner?.isService || target.owner === module.owner) return undefined;
    return {
      what: `${module.owner.folder} imports ${target.owner.folder} (${specifier})`,
      fix: 'call it through a client of its contract in adapters/, or move what both need into a package',
    };
  }),
};

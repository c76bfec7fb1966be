import { isShipped } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

const testOnly = new Set(['packages/testkit', 'packages/scaikey-emulator', 'packages/measure']);

/** Shipped code stands on nothing that is made for tests, except all-in-one's dev folder. */
export const testOnlyPackage: Rule = {
  id: 'test-only-package',
  reason: 'an identity provider that lets everybody in must not reach production',
  find: perImport(({ target, specifier }, module) => {
    if (!('owner' in target) || target.owner === undefined || !testOnly.has(target.owner.folder)) return undefined;
    if (testOnly.has(module.owner.folder) || !isShipped(module)) return undefined;
    return {
      what: `shipped code imports ${specifier}`,
      fix: 'move this into a test, or into services/all-in-one/src/dev',
    };
  }),
};

import { isTest } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

/** An import says what it imports. */
export const computedImport: Rule = {
  id: 'computed-import',
  reason: 'no rule can judge an import whose target is known at run time only',
  find: perImport(({ target }, module) => {
    if (target.kind !== 'computed' || isTest(module)) return undefined;
    return { what: 'imports something computed', fix: 'write a table of import() calls with literal paths' };
  }),
};

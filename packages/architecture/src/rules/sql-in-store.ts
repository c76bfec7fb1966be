import { perImport, type Rule } from '../rule.ts';

const drivers = new Set(['postgres', 'drizzle-orm']);
const mayUse = /^(services\/[^/]+\/src\/store|packages\/db|packages\/testkit)\//;

/** SQL lives in the store/ of a service, in packages/db and in testkit. */
export const sqlInStore: Rule = {
  id: 'sql-in-store',
  reason: 'every query runs inside withScope and is found in one place by whoever audits it',
  find: perImport(({ target, specifier }, { path }) => {
    if (target.kind !== 'package' || !drivers.has(target.name) || mayUse.test(path)) return undefined;
    return { what: `imports ${specifier}`, fix: 'put the query into store/ behind a port, and pass that in' };
  }),
};

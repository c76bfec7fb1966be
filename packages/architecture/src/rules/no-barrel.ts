import { posix } from 'node:path';
import { perModule, type Rule } from '../rule.ts';

/** No index.ts inside services: who imports a thing names the file that holds it. */
export const noBarrel: Rule = {
  id: 'no-barrel',
  reason: 'a barrel hides which file is needed and loads all of them',
  find: perModule(function* ({ owner, path }) {
    if (!owner.isService || posix.basename(path) !== 'index.ts') return;
    yield { path, line: 1, what: 'a barrel inside a service', fix: 'import from the files themselves' };
  }),
};

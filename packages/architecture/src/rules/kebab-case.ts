import { perModule, type Rule } from '../rule.ts';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;

/** Modules and their folders are in kebab-case. */
export const kebabCase: Rule = {
  id: 'kebab-case',
  reason: 'one spelling works on every file system and is found by the first guess',
  find: perModule(function* ({ path }) {
    const odd = path.split('/').find((part) => !kebab.test(part));
    if (odd !== undefined)
      yield { path, line: 1, what: `"${odd}" is not kebab-case`, fix: 'rename it, like data-key.ts' };
  }),
};

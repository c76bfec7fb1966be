import { perModule, type Rule } from '../rule.ts';

/** Every module parses. */
export const readable: Rule = {
  id: 'readable',
  reason: 'a module that does not parse shows no imports, so every other rule would pass it',
  find: perModule(function* ({ path, faults }) {
    for (const { line, message } of faults) yield { path, line, what: message, fix: 'mend the syntax' };
  }),
};

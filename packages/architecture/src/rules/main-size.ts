import { perModule, type Rule } from '../rule.ts';

const mostLines = 40;

/** The main.ts of a service loads its config and serves its module, in 40 lines at most. */
export const mainSize: Rule = {
  id: 'main-size',
  reason: 'all-in-one does not run main.ts, so nothing of weight may live there',
  find: perModule(function* ({ owner, path, lineCount }) {
    if (!owner.isService || path !== `${owner.folder}/src/main.ts` || lineCount <= mostLines) return;
    yield {
      path,
      line: mostLines + 1,
      what: `${lineCount} lines`,
      fix: `move the rest into module.ts, keep ${mostLines}`,
    };
  }),
};

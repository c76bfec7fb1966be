import { perModule, type Rule } from '../rule.ts';

const mostLines = 400;

/** No module is longer than 400 lines. */
export const fileSize: Rule = {
  id: 'file-size',
  reason: 'past this length a file is two files',
  find: perModule(function* ({ path, lineCount }) {
    if (lineCount <= mostLines) return;
    yield {
      path,
      line: mostLines + 1,
      what: `${lineCount} lines`,
      fix: `split it by subject, at most ${mostLines} each`,
    };
  }),
};

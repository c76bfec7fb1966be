import { posix } from 'node:path';
import { decisionFile } from '../decision.ts';
import type { Rule } from '../rule.ts';

/** Decisions are numbered 0001, 0002 … without a gap, and their first line repeats the number. */
export const decisionNumber: Rule = {
  id: 'decision-number',
  reason: 'a decision is quoted by its number for years',
  *find({ decisions }) {
    let expected = 1;
    for (const { path, text } of decisions) {
      const number = String(expected).padStart(4, '0');
      const found = decisionFile.exec(posix.basename(path))?.[1];
      if (found !== number || !text.startsWith(`# ${number} `)) {
        yield {
          path,
          line: 1,
          what: `number ${number} should stand here, in the name and in the first line`,
          fix: `call it ${number}-title.md and begin it with "# ${number} Title"`,
        };
      }
      expected = Number(found ?? expected) + 1;
    }
  },
};

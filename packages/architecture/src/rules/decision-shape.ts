import { decisionHeadings } from '../decision.ts';
import type { Rule } from '../rule.ts';

/** Each decision has the four headings, in order, with something under each. */
export const decisionShape: Rule = {
  id: 'decision-shape',
  reason: 'a decision without its consequences and its check is an opinion',
  *find({ decisions }) {
    for (const { path, text } of decisions) {
      const sections = text
        .split(/^## /m)
        .slice(1)
        .map((section) => section.split('\n'));
      const titles = sections.map(([title = '']) => title.trim());
      const empty = sections.find(([, ...body]) => body.join('').trim() === '')?.[0];
      if (titles.join('|') === decisionHeadings.join('|') && empty === undefined) continue;
      yield {
        path,
        line: 1,
        what: empty === undefined ? `has the headings ${titles.join(', ')}` : `says nothing under ${empty}`,
        fix: `write ${decisionHeadings.join(', ')}, each with text`,
      };
    }
  },
};

import type { Rule } from '../rule.ts';

const vague = /^(utils?|helpers?|common|misc)(\.|$)/;

/** No folder and no file is called utils, helpers, common or the like. */
export const vagueName: Rule = {
  id: 'vague-name',
  reason: 'a room without a subject collects everything',
  *find({ files }) {
    const reported = new Set<string>();
    for (const path of files) {
      const parts = path.split('/');
      const index = parts.findIndex((part) => vague.test(part));
      const place = parts.slice(0, index + 1).join('/');
      if (index === -1 || reported.has(place)) continue;
      reported.add(place);
      yield { path, line: 1, what: `"${parts[index]}" says nothing`, fix: 'name it after what it does' };
    }
  },
};

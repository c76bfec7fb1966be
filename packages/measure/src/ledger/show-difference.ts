import { tableLine } from '../table-line.ts';
import type { Difference } from './compare-figures.ts';
import { compareFigures } from './compare-figures.ts';
import type { Ledger } from './ledger.ts';
import { showNumber } from './show-number.ts';

const columns = { first: 64, others: 13 };

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

const lineOf = ({ part, target, what, before, after, ratio, spread, is }: Difference): string =>
  tableLine(
    [`${part} · ${target} · ${what}`, showNumber(before), showNumber(after), ratio.toFixed(2), percent(spread), is],
    columns,
  );

const nameOf = ({ scenario, startedAt, surroundings: { commit, isCommitted, load } }: Ledger): string =>
  `${scenario} of ${commit.slice(0, 10)}${isCommitted ? '' : ' with changes'}, ${startedAt}, load ${load.join(' to ')}`;

/** What is not alike about two runs, so that the difference may not come from the code. */
const otherwise = (before: Ledger, after: Ledger): readonly string[] => {
  const facts = ({ surroundings, options, settings }: Ledger): Readonly<Record<string, unknown>> => {
    const { commit: _commit, isCommitted: _isCommitted, load: _load, ...place } = surroundings;
    return { ...place, ...options, ...settings };
  };
  const [old, now] = [facts(before), facts(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
    .map((name) => `  ${name}: ${JSON.stringify(old[name])} before, ${JSON.stringify(now[name])} after\n`);
};

/** Two runs side by side, for reading. */
export const showDifference = (before: Ledger, after: Ledger): string => {
  const others = otherwise(before, after);
  const differences = compareFigures(before.figures, after.figures);
  return [
    `\nbefore: ${nameOf(before)}\nafter:  ${nameOf(after)}\n`,
    ...(others.length === 0 ? [] : ['\nNot alike, beside the code:\n', ...others]),
    `\n${tableLine(['', 'before', 'after', 'ratio', 'spread', ''], columns)}`,
    ...differences.map(lineOf),
  ].join('');
};

import type { Database, Statement, Tx } from '@scaivault/db';
import { estimateDistinct, type LeastMarks } from '../domain/estimate-distinct.ts';
import type { LogWindow } from '../domain/log-window.ts';
import type { WindowParts } from '../domain/split-window.ts';
import type { SummaryStore } from '../ports.ts';
import { selectLeastMarks } from './select-least-marks.ts';

interface Tally {
  readonly action: string;
  readonly success: boolean;
  readonly errorCode: string;
  readonly records: number;
}

const unionOf = (tx: Tx, [first, ...more]: readonly Statement[]): Statement =>
  first === undefined || more.length === 0
    ? tx`${first ?? tx``}`
    : tx`${first} ${more.map((each) => tx`union all ${each}`)}`;

/** The tables `tally` and `sketch`. */
export const createSummaryTables = (db: Pick<Database, 'withScope'>): Pick<SummaryStore, 'log' | 'count'> => {
  /** Statements over each part of a window: what the counts have of it, and the rows at its ends. */
  const overParts = (
    tx: Tx,
    { days, hours, rows }: WindowParts,
    counted: (where: Statement) => Statement,
    logged: (where: Statement) => Statement,
    scopeId: string,
  ): readonly Statement[] => {
    const ofGrain = (grain: string) => (part: LogWindow) =>
      counted(
        tx`scope_id = ${scopeId} and grain = ${grain} and start >= ${part.fromMicros} and start < ${part.toMicros}`,
      );
    const ofRows = (part: LogWindow) =>
      logged(tx`scope_id = ${scopeId} and ts >= ${part.fromMicros} and ts < ${part.toMicros}`);
    return [...days.map(ofGrain('day')), ...hours.map(ofGrain('hour')), ...rows.map(ofRows)];
  };

  const marksOf = async (tx: Tx, scopeId: string, parts: WindowParts, what: 'identities' | 'paths') => {
    const sketched = what === 'identities' ? tx`identities` : tx`paths`;
    const column = what === 'identities' ? tx`identity_id` : tx`secret_path`;
    const marks = overParts(
      tx,
      parts,
      (where) => tx`select unnest(${sketched}) from sketch where ${where}`,
      (where) => tx`select distinct mark_of(${column}) from log where ${where} and ${column} is not null`,
      scopeId,
    );
    const [found] = marks.length === 0 ? [] : await tx<LeastMarks[]>`${selectLeastMarks(tx, unionOf(tx, marks))}`;
    return found === undefined ? 0 : estimateDistinct(found);
  };

  const tallies = async (tx: Tx, scopeId: string, parts: WindowParts): Promise<readonly Tally[]> => {
    const statements = overParts(
      tx,
      parts,
      (where) => tx`select action, success, error_code, records from tally where ${where}`,
      (where) =>
        tx`select action, success, coalesce(error_code, ''), count(*) from log where ${where} group by 1, 2, 3`,
      scopeId,
    );
    if (statements.length === 0) return [];
    return await tx<Tally[]>`
      select t.action, t.success, t.error_code as "errorCode", sum(t.records)::bigint as records
      from (${unionOf(tx, statements)}) as t (action, success, error_code, records)
      group by t.action, t.success, t.error_code
      order by t.action, t.error_code`;
  };

  const sumOf = (some: readonly Tally[]): number => some.reduce((sum, { records }) => sum + records, 0);

  return {
    count: (scopeId, parts, { action, success }) =>
      db.withScope(scopeId, async (tx) => {
        const isCounted = (tally: Tally): boolean =>
          (action.length === 0 || action.includes(tally.action)) &&
          (success === undefined || success === tally.success);
        return sumOf((await tallies(tx, scopeId, parts)).filter(isCounted));
      }),

    log: (scopeId, parts) =>
      db.withScope(scopeId, async (tx) => {
        const counted = await tallies(tx, scopeId, parts);
        const uniqueIdentities = await marksOf(tx, scopeId, parts, 'identities');
        const uniquePaths = await marksOf(tx, scopeId, parts, 'paths');
        const sumsBy = (some: readonly Tally[], name: (tally: Tally) => string): Readonly<Record<string, number>> =>
          Object.fromEntries(
            Map.groupBy(some, name)
              .entries()
              .map(([key, tallies]) => [key, sumOf(tallies)]),
          );
        return {
          totalEvents: sumOf(counted),
          successfulEvents: sumOf(counted.filter(({ success }) => success)),
          uniqueIdentities,
          uniquePaths,
          byAction: sumsBy(counted, ({ action }) => action),
          byErrorCode: sumsBy(
            counted.filter(({ errorCode }) => errorCode !== ''),
            ({ errorCode }) => errorCode,
          ),
        };
      }),
  };
};

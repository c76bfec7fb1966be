import type { Database, Statement, Tx } from '@scaivault/db';
import { estimateDistinct, type LeastMarks } from '../domain/estimate-distinct.ts';
import type { SummaryStore } from '../ports.ts';
import { selectLeastMarks } from './select-least-marks.ts';

/** From the UTC day of that instant on. */
const since = (tx: Tx, micros: number): Statement => tx`day >= (${micros}::timestamptz at time zone 'UTC')::date`;

/** The tables `path_day` and `identity_day`. */
export const createTrailTables = (db: Pick<Database, 'withScope'>): Pick<SummaryStore, 'secret' | 'identity'> => ({
  secret: (scopeId, path, sinceMicros) =>
    db.withScope(scopeId, async (tx) => {
      const days = tx`from path_day where scope_id = ${scopeId} and secret_path = ${path} and ${since(tx, sinceMicros)}`;
      const [found] = await tx<
        (LeastMarks & {
          reads: number;
          writes: number;
          denied: number;
          lastReadMicros: number | null;
          lastWrittenMicros: number | null;
        })[]
      >`
        select s.*, m.count, m.largest from (
          select coalesce(sum(reads), 0)::bigint as reads, coalesce(sum(writes), 0)::bigint as writes,
            coalesce(sum(denied), 0)::bigint as denied, max(last_read_at) as "lastReadMicros",
            max(last_written_at) as "lastWrittenMicros" ${days}
        ) s, (${selectLeastMarks(tx, tx`select unnest(identities) ${days}`)}) m`;
      if (found === undefined) throw new Error('An aggregate has one row.');
      const { count, largest, ...summary } = found;
      return { ...summary, uniqueIdentities: estimateDistinct({ count, largest }) };
    }),

  identity: (scopeId, identityId, sinceMicros) =>
    db.withScope(scopeId, async (tx) => {
      const days = tx`
        from identity_day where scope_id = ${scopeId} and identity_id = ${identityId} and ${since(tx, sinceMicros)}`;
      const [found] = await tx<
        (LeastMarks & {
          totalEvents: number;
          denied: number;
          firstSeenMicros: number | null;
          lastSeenMicros: number | null;
        })[]
      >`
        select s.*, m.count, m.largest from (
          select coalesce(sum(records), 0)::bigint as "totalEvents", coalesce(sum(denied), 0)::bigint as denied,
            min(first_seen_at) as "firstSeenMicros", max(last_seen_at) as "lastSeenMicros" ${days}
        ) s, (${selectLeastMarks(tx, tx`select unnest(paths) ${days}`)}) m`;
      if (found === undefined) throw new Error('An aggregate has one row.');
      const { count, largest, ...summary } = found;
      return { ...summary, uniquePaths: estimateDistinct({ count, largest }) };
    }),
});

import { createGroupReads } from './group-reads.ts';
import type { RevisionLog, RevisionNews } from './revision-log.ts';
import type { Sql } from './sql-tag.ts';

/** What the log holds at one moment: the newest number, the oldest that is remembered, and the scopes of later changes. */
export interface NewsRow {
  readonly epoch: string;
  readonly revision: number;
  readonly oldest: number;
  readonly scopes: readonly string[];
}

/** The row for a follower that has taken in all up to `confirmed` in `epoch`; it names one scope more than `most` at most. */
export const newsOf = (row: NewsRow, epoch: string, confirmed: number, most: number): RevisionNews => {
  const { revision, oldest, scopes } = row;
  const isKnown = row.epoch === epoch && confirmed <= revision && confirmed + 1 >= oldest;
  const isReset = !isKnown || scopes.length > most;
  return { epoch: row.epoch, revision, isReset, changedScopes: isReset ? [] : [...new Set(scopes)] };
};

const readNews =
  (sql: Sql) =>
  async (epoch: string, confirmed: number, most: number): Promise<RevisionNews> => {
    const [row] = await sql<NewsRow[]>`
      select r.epoch::text as "epoch", r.number as "revision",
        coalesce((select min(number) from revision_scope), r.number + 1) as "oldest",
        array(
          select scope from revision_scope where number > ${confirmed}::int8 order by number limit ${most + 1}::int4
        ) as "scopes"
      from revision r`;
    if (row === undefined) throw new Error('The table "revision" has lost its row.');
    return newsOf(row, epoch, confirmed, most);
  };

/** Followers that are as far as each other ask the same; `most` is part of the question. */
export const createReadNews = (sql: Sql): RevisionLog['newsSince'] => {
  const read = readNews(sql);
  const together = createGroupReads<{ confirmed: number; most: number }, RevisionNews>({
    read: (epoch, asked) => Promise.all(asked.map(({ confirmed, most }) => read(epoch, confirmed, most))),
    nameOf: ({ confirmed, most }) => `${confirmed} ${most}`,
  });
  return async (epoch, confirmed, most) => {
    const news = await together(epoch, { confirmed, most });
    if (news === undefined) throw new Error('The news were not read.');
    return news;
  };
};

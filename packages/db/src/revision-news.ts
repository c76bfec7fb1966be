import { createGroupReads } from './group-reads.ts';
import type { Place, RevisionLog, RevisionNews } from './revision-log.ts';
import type { Sql } from './sql-tag.ts';

/** What the log holds at one moment: the newest number, and the oldest that is remembered. */
interface Head {
  readonly epoch: string;
  readonly revision: number;
  readonly oldest: number;
}

/** The same with the scopes of later changes that matter at some place, one more than asked for at most. */
export interface NewsRow extends Head {
  readonly scopes: readonly string[];
}

export const newsOf = (row: NewsRow, { epoch, confirmed }: Place, most: number): RevisionNews => {
  const { revision, oldest, scopes } = row;
  const isKnown = row.epoch === epoch && confirmed <= revision && confirmed + 1 >= oldest;
  const isReset = !isKnown || scopes.length > most;
  return { epoch: row.epoch, revision, isReset, changedScopes: isReset ? [] : [...new Set(scopes)] };
};

interface Change {
  readonly number: number;
  readonly scope: string;
}

const readChange = (text: string): Change => {
  const at = text.indexOf(' ');
  return { number: Number(text.slice(0, at)), scope: text.slice(at + 1) };
};

/** All that came after the place that is furthest behind, and each place's share of it. */
const readFor = async (sql: Sql, places: readonly Place[], most: number): Promise<readonly RevisionNews[]> => {
  const confirmed = Math.min(...places.map((place) => place.confirmed));
  const [row] = await sql<(Head & { changes: string[] })[]>`
    select r.epoch::text as "epoch", r.number as "revision",
      coalesce((select min(number) from revision_scope), r.number + 1) as "oldest",
      array(
        select number || ' ' || scope from revision_scope
        where number > ${confirmed}::int8 order by number limit ${most + 1}::int4
      ) as "changes"
    from revision r`;
  if (row === undefined) throw new Error('The table "revision" has lost its row.');
  const isCutOff = row.changes.length > most;
  // Only the one that is far behind shall drop everything.
  if (isCutOff && places.length > 1)
    return (await Promise.all(places.map((place) => readFor(sql, [place], most)))).flat();
  const changes = row.changes.map(readChange);
  return places.map((place) => {
    const isOfPlace = ({ number, scope }: Change): boolean => number > place.confirmed && scope.startsWith(place.heeds);
    const ofPlace = isCutOff ? changes : changes.filter(isOfPlace);
    return newsOf({ ...row, scopes: ofPlace.map(({ scope }) => scope) }, place, most);
  });
};

/** Whoever asks at the same time is told from one look; who asks the same gets the same. */
export const createReadNews = (sql: Sql): RevisionLog['newsSince'] => {
  const together = createGroupReads<Place, RevisionNews>({
    read: (group, places) => readFor(sql, places, Number(group.split(' ')[0])),
    nameOf: ({ confirmed, heeds }) => `${confirmed} ${heeds}`,
  });
  return async (place, most) => {
    const news = await together(`${most} ${place.epoch}`, place);
    if (news === undefined) throw new Error('The news were not read.');
    return news;
  };
};

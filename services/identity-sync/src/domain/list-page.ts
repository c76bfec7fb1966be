import type { EventData } from './event-data.ts';

/** One answer of a list of ScaiKey. */
export interface ListPage {
  readonly items: readonly EventData[];
  readonly total: number;
  /** When it was read, by ScaiKey's clock and never later: microseconds since the epoch. */
  readonly readAtMicros: number;
}

/** How many rows we ask for at once. */
export const rowsPerPage = 200;

/** True for the last page of a list of that many rows. */
export const isLastPage = ({ total }: Pick<ListPage, 'total'>, page: number): boolean => page * rowsPerPage >= total;

/** True when the page holds as many rows as its number and the total say, and the total is still the one told before. */
export const isWholePage = ({ items, total }: ListPage, page: number, toldBefore: number | null): boolean => {
  const due = Math.min(rowsPerPage, total - (page - 1) * rowsPerPage);
  return (toldBefore === null || toldBefore === total) && items.length === Math.max(0, due);
};

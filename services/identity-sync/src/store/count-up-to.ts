import type { Statement, Tx } from '@scaivault/db';

/**
 * Counts the rows of a statement, no further than that. A counter kept beside the rows would have to follow every merge of
 * events, in every order; a count that ends costs little and is never wrong.
 */
export const countUpTo = async (tx: Tx, most: number, rows: Statement): Promise<number> => {
  const [row] = await tx<{ total: number }[]>`select count(*)::integer as total from (${rows} limit ${most}) counted`;
  return row?.total ?? 0;
};

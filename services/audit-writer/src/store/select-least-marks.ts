import type { Statement, Tx } from '@scaivault/db';
import { mostMarks } from '../domain/estimate-distinct.ts';

/** Of a statement that yields marks: the least of them, as shares of the whole range of bigints (`LeastMarks`). */
export const selectLeastMarks = (tx: Tx, marks: Statement): Statement => tx`
  select count(*)::integer as count, (max(k.mark)::float8 + 9223372036854775808) / 18446744073709551616 as largest
  from (select distinct m.mark from (${marks}) as m (mark) order by m.mark limit ${mostMarks}) k`;

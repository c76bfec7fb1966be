import type { SqlTag, Tx } from '@scaivault/db';
import { type Scope, scopeId } from '@scaivault/tenancy';
import type { ScannedSecret, SecretScan } from '../ports.ts';
import { type SecretRow, secretColumns, toFacts } from './secret-table.ts';

/** Behind every path: their bytes end at 'z'. */
const behindAllPaths = '~';

/** The paths of one index, as a row source called `k`. */
const pathsBy = (sql: SqlTag, owner: string, by: SecretScan['by']) => {
  if (by === null) return sql`secret as k where k.scope_id = ${owner}`;
  if ('tag' in by) return sql`secret_tag as k where k.scope_id = ${owner} and k.tag = ${by.tag}`;
  return sql`secret as k where k.scope_id = ${owner} and k.secret_type = ${by.secretType}`;
};

/**
 * The next rows of a list: first the paths, from one index and no more than asked for, then row by row what belongs to
 * them (`limit 1` keeps the planner from joining whole tables). The path that equals the prefix is looked up by itself,
 * since other paths (`app-x`) lie between it and those below it (`app/x`).
 */
export const scanSecrets = async (
  tx: Tx,
  scope: Scope,
  { range, after, by, limit }: SecretScan,
): Promise<readonly ScannedSecret[]> => {
  const owner = scopeId(scope);
  const { self, from, before } = range ?? { self: null, from: '', before: behindAllPaths };
  const itself =
    self === null || self <= after
      ? tx``
      : tx`(select k.path from ${pathsBy(tx, owner, by)} and k.path = ${self}) union all`;
  const rows = await tx<(SecretRow & Pick<ScannedSecret, 'path'>)[]>`
    select found.* from (
      ${itself} (
        select k.path from ${pathsBy(tx, owner, by)} and k.path >= ${from} and k.path > ${after} and k.path < ${before}
        order by k.path limit ${limit}
      )
    ) as next cross join lateral (
      select s.path as "path", ${secretColumns(tx)}
      from secret as s where s.scope_id = ${owner} and s.path = next.path limit 1
    ) as found
    order by next.path collate "C" limit ${limit}`;
  return rows.map(toFacts);
};

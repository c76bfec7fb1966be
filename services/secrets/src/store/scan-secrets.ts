import type { SqlTag, Tx } from '@scaivault/db';
import { type Scope, scopeId } from '@scaivault/tenancy';
import type { ScannedSecret, SecretScan } from '../ports.ts';
import { secretColumns } from './secret-table.ts';

/** Behind every path: their bytes end at 'z'. */
const behindAllPaths = '~';

const source = (sql: SqlTag, owner: string, by: SecretScan['by']) => {
  if (by === null) return sql`secret as s where s.scope_id = ${owner}`;
  if ('secretType' in by) return sql`secret as s where s.scope_id = ${owner} and s.secret_type = ${by.secretType}`;
  return sql`
    secret_tag as t join secret as s on s.scope_id = ${owner} and s.path = t.path
    where t.scope_id = ${owner} and t.tag = ${by.tag}`;
};

/**
 * The next rows of a list. The path that equals the prefix is looked up by itself, since other paths (`app-x`) lie
 * between it and those below it (`app/x`).
 */
export const scanSecrets = async (
  tx: Tx,
  scope: Scope,
  { range, after, by, limit }: SecretScan,
): Promise<readonly ScannedSecret[]> => {
  const rows = source(tx, scopeId(scope), by);
  const path = by !== null && 'tag' in by ? tx`t.path` : tx`s.path`;
  const columns = tx`s.path as "path", s.tags as "tags", ${secretColumns(tx)}`;
  const { self, from, before } = range ?? { self: null, from: '', before: behindAllPaths };
  const itself = self === null || self <= after ? undefined : tx`select ${columns} from ${rows} and ${path} = ${self}`;
  const below = tx`
    (select ${columns} from ${rows} and ${path} >= ${from} and ${path} > ${after} and ${path} < ${before}
    order by ${path} limit ${limit})`;
  if (itself === undefined) return await tx<ScannedSecret[]>`${below}`;
  return await tx<ScannedSecret[]>`
    select * from (${itself} union all ${below}) as found order by path collate "C" limit ${limit}`;
};

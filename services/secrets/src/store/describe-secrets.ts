import type { Tx } from '@scaivault/db';
import { type Scope, type SecretPath, scopeId } from '@scaivault/tenancy';
import type { DescribedSecret } from '../ports.ts';
import { type SecretRow, secretColumns, toFacts } from './secret-table.ts';

interface DescribedRow extends SecretRow {
  /** From 1, as the paths were given. */
  readonly place: number;
  readonly versionCount: number;
}

/** Facts and number of kept versions for each path; row by row, so that no plan joins whole tables. */
export const describeSecrets = async (
  tx: Tx,
  scope: Scope,
  paths: readonly SecretPath[],
): Promise<readonly (DescribedSecret | undefined)[]> => {
  const owner = scopeId(scope);
  const rows = await tx<DescribedRow[]>`
    select k.place as "place", found.*
    from unnest(${[...paths]}::text[]) with ordinality as k (path, place)
    cross join lateral (
      select ${secretColumns(tx)}, (
        select count(*) from version as v
        where v.scope_id = ${owner} and v.path = s.path and v.destroyed_at is null
      ) as "versionCount"
      from secret as s where s.scope_id = ${owner} and s.path = k.path limit 1
    ) as found`;
  const described: (DescribedSecret | undefined)[] = paths.map(() => undefined);
  for (const { place, versionCount, ...row } of rows) described[place - 1] = { facts: toFacts(row), versionCount };
  return described;
};

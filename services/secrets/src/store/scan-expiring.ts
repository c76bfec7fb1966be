import type { Tx } from '@scaivault/db';
import { type Scope, scopeId } from '@scaivault/tenancy';
import type { ExpiringSecret, ExpiryScan } from '../ports.ts';
import { type SecretRow, secretColumns, toFacts } from './secret-table.ts';

interface ExpiringRow extends SecretRow, Pick<ExpiringSecret, 'path' | 'expiresAtMicros'> {
  readonly expiresAtMicros: number;
}

/** The next rows in the order of their expiry, from the index of what expires. */
export const scanExpiring = async (
  tx: Tx,
  scope: Scope,
  { after, untilMicros, limit }: ExpiryScan,
): Promise<readonly ExpiringSecret[]> => {
  const rows = await tx<ExpiringRow[]>`
    select s.path as "path", ${secretColumns(tx)}
    from secret as s
    where s.scope_id = ${scopeId(scope)} and s.deleted_at is null and s.expires_at is not null
      and s.expires_at <= ${untilMicros} and (s.expires_at, s.path) > (${after.expiresAtMicros}, ${after.path})
    order by s.expires_at, s.path limit ${limit}`;
  return rows.map(toFacts);
};

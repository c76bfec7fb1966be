import { createGroupReads, type Sql } from '@scaivault/db';
import { type SecretPath, scopeId } from '@scaivault/tenancy';
import type { SecretFacts } from '../domain/secret.ts';
import type { SecretStore } from '../ports.ts';
import { type SecretRow, secretColumns, toFacts } from './secret-table.ts';

/** The look that every write begins with; those of a scope that come together are one round trip. */
export const createReadHead = (sql: Sql): SecretStore['head'] => {
  const read = createGroupReads<SecretPath, SecretFacts>({
    nameOf: (path) => path,
    read: async (owner, paths) => {
      const rows = await sql<(SecretRow & { readonly path: SecretPath })[]>`
        select s.path, ${secretColumns(sql)} from read_heads(${owner}, ${[...paths]}::text[]) as s`;
      const found = new Map(rows.map(({ path, ...row }) => [path, toFacts(row)]));
      return paths.map((path) => found.get(path));
    },
  });
  return (scope, path) => read(scopeId(scope), path);
};

import type { Tx } from '@scaivault/db';
import type { ScopeId, SecretPath } from '@scaivault/tenancy';

/** Makes these the tags under which the secret is found. */
export const replaceTags = async (tx: Tx, owner: ScopeId, path: SecretPath, tags: readonly string[]): Promise<void> => {
  await tx`
    delete from secret_tag where scope_id = ${owner} and path = ${path} and tag <> all (${[...tags]}::text[])`;
  if (tags.length === 0) return;
  await tx`
    insert into secret_tag (scope_id, path, tag)
    select ${owner}, ${path}, tag from unnest(${[...tags]}::text[]) as tag
    on conflict do nothing`;
};

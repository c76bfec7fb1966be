import type { SqlTag } from './sql-tag.ts';

interface RoleFacts {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRls: boolean;
  readonly ownedTable: string | null;
}

/**
 * Refuses, with an Error meant for the operator, a session whose role row-level security would not bind: a superuser,
 * one with BYPASSRLS, or one that owns (or is a member of the owner of) a table.
 */
export const verifyRole = async (sql: SqlTag, expected: string): Promise<void> => {
  const [facts] = await sql<RoleFacts[]>`
    select r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as "bypassesRls", (
      select n.nspname || '.' || c.relname
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
        and pg_has_role(r.oid, c.relowner, 'USAGE')
      limit 1
    ) as "ownedTable"
    from pg_roles r where r.rolname = current_user`;
  if (facts === undefined) throw new Error(`The database role "${expected}" is not visible to its own session.`);
  const refuse = (reason: string): never => {
    throw new Error(
      `The database role "${facts.name}" must not be used: ${reason}. Row-level security would not hold.`,
    );
  };
  if (facts.name !== expected) refuse(`"${expected}" was asked for`);
  if (facts.superuser) refuse('it is a superuser');
  if (facts.bypassesRls) refuse('it has BYPASSRLS');
  if (facts.ownedTable !== null) refuse(`it owns the table ${facts.ownedTable}`);
};

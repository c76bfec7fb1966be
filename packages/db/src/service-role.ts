import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { checkedSchema } from './migration-folder.ts';

/** The role that the service owning `schema` runs as. */
export const serviceRole = (schema: string): string => `scaivault_${schema}`;

interface RoleFacts {
  readonly privileged: boolean;
  readonly isMember: boolean;
}

/** Roles belong to the whole cluster, so another database may be doing the same at this moment; advisory locks do not reach. */
const collisions: ReadonlySet<string> = new Set(['42710', '23505', 'XX000']);
const attempts = 10;

const facts = async (sql: postgres.Sql, role: string): Promise<RoleFacts | undefined> => {
  const [row] = await sql<RoleFacts[]>`
    select rolsuper or rolbypassrls as privileged,
      exists (
        select from pg_auth_members m join pg_roles u on u.oid = m.member
        where m.roleid = r.oid and u.rolname = current_user
      ) or r.rolname = current_user as "isMember"
    from pg_roles r where r.rolname = ${role}`;
  return row;
};

const createOnce = async (sql: postgres.Sql, role: string): Promise<void> => {
  let known = await facts(sql, role);
  if (known === undefined) {
    await sql.unsafe(`create role ${role} nologin nosuperuser nocreatedb nocreaterole nobypassrls`);
    known = await facts(sql, role);
  }
  if (known?.privileged)
    throw new Error(`The role "${role}" is a superuser or has BYPASSRLS; row-level security needs a plain one.`);
  // Creating a role makes a member of its creator too, but one that may not act as it.
  if (!known?.isMember || !(await maySetRole(sql, role))) await sql.unsafe(`grant ${role} to current_user`);
};

const maySetRole = async (sql: postgres.Sql, role: string): Promise<boolean> => {
  const [row] = await sql<{ may: boolean }[]>`select pg_has_role(current_user, ${role}, 'USAGE') as may`;
  return row?.may ?? false;
};

/**
 * Makes sure that the role of `schema` exists, is plain (no login of its own unless the operator gave it one, no
 * superuser, no BYPASSRLS) and that the login user may act as it. Safe to run in several databases of a cluster at once.
 */
export const ensureServiceRole = async (sql: postgres.Sql, schema: string): Promise<void> => {
  const role = serviceRole(checkedSchema(schema));
  for (let attempt = 1; ; attempt += 1) {
    try {
      await createOnce(sql, role);
      return;
    } catch (error) {
      const collided = error instanceof postgres.PostgresError && collisions.has(error.code);
      if (!collided || attempt === attempts) throw error;
      await sleep(10 * attempt * (0.5 + Math.random()));
    }
  }
};

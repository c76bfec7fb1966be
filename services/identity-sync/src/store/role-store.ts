import type { Database, SqlTag, Tx } from '@scaivault/db';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import { lastSuperAdmin } from '../domain/judge-role-change.ts';
import type { KnownRoles, RoleStore } from '../ports.ts';

const tenantScopeId = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;

interface Row {
  /** Of ScaiKey. */
  readonly given: readonly string[];
  readonly assigned: readonly string[];
  readonly changedAtMicros: number | null;
}

const read = async (sql: SqlTag, scopeId: ScopeId, userId: string, isLocked: boolean): Promise<Row | undefined> => {
  const [row] = await sql<Row[]>`
    select roles as "given", assigned_roles as "assigned", roles_changed_at as "changedAtMicros"
    from identity
    where scope_id = ${scopeId} and subject_id = ${userId} and identity_id is not null and status <> 'DELETED'
    ${isLocked ? sql`for no key update` : sql``}`;
  return row;
};

const knownOf = ({ given, assigned, changedAtMicros }: Row): KnownRoles => ({
  roles: [...new Set([...given, ...assigned])].toSorted(),
  changedAtMicros,
});

/** One at a time in the whole installation, until its transaction ends: each sees what the one before has committed. */
const takeTurn = async (tx: Tx): Promise<void> => {
  await tx`select pg_advisory_xact_lock(hashtext('scaivault.identity.super_admin'))`;
};

const requireAnother = async (tx: Tx, scopeId: ScopeId, userId: string): Promise<void> => {
  const [row] = await tx<{ exists: boolean }[]>`
    select has_other_super_admin(${scopeId}::text, ${userId}::text) as "exists"`;
  if (row?.exists !== true) throw lastSuperAdmin();
};

/** Row-level security does so in the table; a turn that is taken outside a transaction is over at once. */
const guarded = { isGuarded: true };

/** The roles given here, beside those of ScaiKey in the same row. */
export const createRoleStore = (db: Pick<Database, 'withScope' | 'readScope'>): RoleStore => ({
  read: async (tenantId, userId) => {
    const scopeId = tenantScopeId(tenantId);
    const row = await read(db.readScope(scopeId), scopeId, userId, false);
    return row && knownOf(row);
  },

  change: (tenantId, userId, { wanted, judge, nowMicros }, once) => {
    const scopeId = tenantScopeId(tenantId);
    return db.withScope(
      scopeId,
      async (tx) => {
        const [, row] = await Promise.all([takeTurn(tx), read(tx, scopeId, userId, true)]);
        if (row === undefined) return undefined;
        const before = knownOf(row);
        judge(before.roles);
        const loses = before.roles.includes('super_admin') && !wanted.includes('super_admin');
        if (loses) await requireAnother(tx, scopeId, userId);
        tx.send(tx`
        update identity set assigned_roles = ${wanted}::text[], roles_changed_at = ${nowMicros}
        where scope_id = ${scopeId} and subject_id = ${userId}`);
        await once?.commit(tx);
        return { before, after: knownOf({ ...row, assigned: wanted, changedAtMicros: nowMicros }) };
      },
      guarded,
    );
  },
});

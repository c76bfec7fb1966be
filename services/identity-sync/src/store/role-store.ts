import type { Database, Tx } from '@scaivault/db';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import { lastSuperAdmin } from '../domain/judge-role-change.ts';
import type { KnownRoles, RoleStore } from '../ports.ts';

const tenantScopeId = (tenantId: TenantId): ScopeId => `t:${tenantId}` as ScopeId;

const read = async (tx: Tx, scopeId: ScopeId, userId: string, isLocked: boolean): Promise<KnownRoles | undefined> => {
  const [row] = await tx<KnownRoles[]>`
    select array(select distinct r from unnest(roles || assigned_roles) r order by r) as roles,
      roles_changed_at as "changedAtMicros"
    from identity
    where scope_id = ${scopeId} and subject_id = ${userId} and identity_id is not null and status <> 'DELETED'
    ${isLocked ? tx`for no key update` : tx``}`;
  return row;
};

/** One at a time in the whole installation, until its transaction ends: each sees what the one before has committed. */
const takeTurn = async (tx: Tx): Promise<void> => {
  await tx`select pg_advisory_xact_lock(hashtext('scaivault.identity.super_admin'))`;
};

const requireAnother = async (tx: Tx, scopeId: ScopeId, userId: string): Promise<void> => {
  const [row] = await tx<{ exists: boolean }[]>`
    select has_other_super_admin(${scopeId}::text, ${userId}::text) as "exists"`;
  if (row?.exists !== true) throw lastSuperAdmin();
};

/** The roles given here, beside those of ScaiKey in the same row. */
export const createRoleStore = (db: Pick<Database, 'withScope'>): RoleStore => ({
  read: (tenantId, userId) =>
    db.withScope(tenantScopeId(tenantId), (tx) => read(tx, tenantScopeId(tenantId), userId, false)),

  change: (tenantId, userId, { wanted, judge, nowMicros }, once) => {
    const scopeId = tenantScopeId(tenantId);
    return db.withScope(scopeId, async (tx) => {
      await takeTurn(tx);
      const before = await read(tx, scopeId, userId, true);
      if (before === undefined) return undefined;
      judge(before.roles);
      const loses = before.roles.includes('super_admin') && !wanted.includes('super_admin');
      if (loses) await requireAnother(tx, scopeId, userId);
      await tx`
        update identity set assigned_roles = ${wanted}::text[], roles_changed_at = ${nowMicros}
        where scope_id = ${scopeId} and subject_id = ${userId}`;
      const after = await read(tx, scopeId, userId, false);
      await once?.commit(tx);
      return { before, after: after ?? before };
    });
  },
});

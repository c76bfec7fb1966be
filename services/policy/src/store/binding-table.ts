import type { Database, SqlTag, Statement, Tx } from '@scaivault/db';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import type { Binding, UnpinnedBinding } from '../domain/binding.ts';
import { bindingCreated, bindingDeleted } from '../domain/policy-events.ts';
import type { BindingStore } from '../ports.ts';
import { tellEvent } from './tell-event.ts';
import { withinExtent } from './within-extent.ts';

const columns = (sql: SqlTag) => sql`
  id, policy_id as "policyId", identity_type as "identityType", identity_id as "identityId",
  subject_id as "subjectId", expires_at as "expiresAtMicros", created_at as "createdAtMicros", created_by as "createdBy"`;

const live = (sql: SqlTag, nowMicros: number): Statement =>
  sql`(expires_at is null or expires_at > ${nowMicros}::timestamptz)`;

/** Row-level security does so in all tables here. */
const guarded = { isGuarded: true };

const ofPolicy = (sql: SqlTag, scopeId: ScopeId, policyId: string): Statement =>
  sql`scope_id = ${scopeId} and policy_id = ${policyId}`;

/** Live bindings of a policy. */
export const countLive = async (tx: Tx, scopeId: ScopeId, policyId: string, nowMicros: number): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*) from binding where ${ofPolicy(tx, scopeId, policyId)} and ${live(tx, nowMicros)}`;
  return row?.count ?? 0;
};

/** False when there is none. Its row is the lock under which bindings are counted and told apart. */
const lockPolicy = async (tx: Tx, scopeId: ScopeId, policyId: string): Promise<boolean> => {
  const rows = await tx`select id from policy where scope_id = ${scopeId} and id = ${policyId} for update`;
  return rows.length > 0;
};

const removeExpired = async (tx: Tx, scopeId: ScopeId, policyId: string, nowMicros: number): Promise<void> => {
  await tx`delete from binding where ${ofPolicy(tx, scopeId, policyId)} and not ${live(tx, nowMicros)}`;
};

/** The live binding of the same identity: that of the same subject first, else one that nobody is pinned to. */
const findSame = async (tx: Tx, scopeId: ScopeId, binding: Binding): Promise<string | undefined> => {
  const { policyId, identityType, identityId, subjectId } = binding;
  const [row] = await tx<{ id: string }[]>`
    select id from binding
    where ${ofPolicy(tx, scopeId, policyId)} and identity_type = ${identityType}
      and (subject_id = ${subjectId}::text or (subject_id is null and identity_id = ${identityId}))
    order by subject_id nulls last limit 1`;
  return row?.id;
};

const renew = async (
  tx: Tx,
  scopeId: ScopeId,
  id: string,
  binding: Binding,
  directory: TenantId,
): Promise<Binding | undefined> => {
  const [row] = await tx<Binding[]>`
    update binding set expires_at = ${binding.expiresAtMicros}, identity_id = ${binding.identityId},
      subject_id = coalesce(${binding.subjectId}, subject_id), directory_tenant_id = ${directory}
    where ${ofPolicy(tx, scopeId, binding.policyId)} and id = ${id}
    returning ${columns(tx)}`;
  return row;
};

const insert = (tx: Tx, scopeId: ScopeId, binding: Binding, directory: TenantId): void => {
  const row = {
    scope_id: scopeId,
    policy_id: binding.policyId,
    id: binding.id,
    identity_type: binding.identityType,
    identity_id: binding.identityId,
    subject_id: binding.subjectId,
    expires_at: binding.expiresAtMicros,
    created_at: binding.createdAtMicros,
    created_by: binding.createdBy,
    directory_tenant_id: directory,
  };
  tx.send(tx`insert into binding ${tx(row)}`);
};

/** Gives the subject's own binding of the policy the later end of the two; false when it has none. */
const mergeIntoOwn = async (tx: Tx, { scopeId, policyId, id, identityType }: UnpinnedBinding, subjectId: string) => {
  const { count } = await tx`
    update binding own
    set expires_at = case when own.expires_at is null or other.expires_at is null then null
      else greatest(own.expires_at, other.expires_at) end
    from binding other
    where own.scope_id = ${scopeId} and own.policy_id = ${policyId} and own.identity_type = ${identityType}
      and own.subject_id = ${subjectId}
      and other.scope_id = ${scopeId} and other.policy_id = ${policyId} and other.id = ${id}
      and other.subject_id is null`;
  return count > 0;
};

/** The table `binding`. */
export const createBindingTable = (db: Pick<Database, 'withScope' | 'readScope' | 'sql'>): BindingStore => ({
  list: (scopeId, policyId, { after, limit, nowMicros }) => {
    const sql = db.readScope(scopeId);
    return sql<Binding[]>`
      select ${columns(sql)} from binding
      where ${ofPolicy(sql, scopeId, policyId)} and id > ${after} and ${live(sql, nowMicros)}
      order by id limit ${limit}`;
  },

  bind: (scopeId, binding, { directory, most, deed: { origin, once } }) =>
    withinExtent(
      db.withScope(
        scopeId,
        async (tx) => {
          const { policyId, createdAtMicros: nowMicros } = binding;
          const [isThere, , same, count] = await Promise.all([
            lockPolicy(tx, scopeId, policyId),
            removeExpired(tx, scopeId, policyId, nowMicros),
            findSame(tx, scopeId, binding),
            countLive(tx, scopeId, policyId, nowMicros),
          ]);
          if (!isThere) return { kind: 'no_policy' };
          const renewed = same === undefined ? undefined : await renew(tx, scopeId, same, binding, directory);
          if (renewed === undefined && count >= most) return { kind: 'full' };
          if (renewed === undefined) insert(tx, scopeId, binding, directory);
          const bound = renewed ?? binding;
          tellEvent(tx, scopeId, bindingCreated(origin, bound));
          await once?.commit(tx);
          return { kind: renewed === undefined ? 'bound' : 'renewed', binding: bound };
        },
        guarded,
      ),
    ),

  unpinned: (after, most) =>
    db.sql<UnpinnedBinding[]>`
      select scope_id as "scopeId", policy_id as "policyId", id, identity_type as "identityType",
        identity_id as "identityId", directory_tenant_id as "directoryTenantId"
      from list_unpinned_bindings(
        ${after?.scopeId ?? ''}, ${after?.policyId ?? ''}, ${after?.id ?? ''}, ${most})`,

  pin: (binding, subjectId) =>
    db.withScope(binding.scopeId, async (tx) => {
      const { scopeId, policyId, id } = binding;
      await tx`select id from policy where scope_id = ${scopeId} and id = ${policyId} for update`;
      const unpinned = tx`${ofPolicy(tx, scopeId, policyId)} and id = ${id} and subject_id is null`;
      if (await mergeIntoOwn(tx, binding, subjectId)) await tx`delete from binding where ${unpinned}`;
      else await tx`update binding set subject_id = ${subjectId} where ${unpinned}`;
    }),

  unbind: (scopeId, policyId, id, origin) =>
    db.withScope(
      scopeId,
      async (tx) => {
        const [removed] = await tx<Binding[]>`
          delete from binding where ${ofPolicy(tx, scopeId, policyId)} and id = ${id} and ${live(tx, origin.atMicros)}
          returning ${columns(tx)}`;
        if (removed !== undefined) tellEvent(tx, scopeId, bindingDeleted(origin, removed));
        return removed !== undefined;
      },
      guarded,
    ),

  isBound: (scopeId, identityId, nowMicros) =>
    db.readScope(scopeId)`
        select id from binding
        where scope_id = ${scopeId} and identity_id = ${identityId} and ${live(db.sql, nowMicros)} limit 1`.then(
      (rows) => rows.length > 0,
    ),

  sweep: async (expiredBeforeMicros, most) => {
    const [row] = await db.sql<{ removed: number }[]>`
      select sweep_expired_bindings(${expiredBeforeMicros}, ${most}) as removed`;
    return row?.removed ?? 0;
  },
});

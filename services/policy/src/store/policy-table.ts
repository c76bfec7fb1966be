import { type Database, isUniqueViolation, type SqlTag, type Statement } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { Policy, PolicyScope, PolicySummary } from '../domain/policy.ts';
import { policyCreated, policyDeleted, policyUpdated } from '../domain/policy-events.ts';
import { nameTaken } from '../domain/refusals.ts';
import type { PolicyStore } from '../ports.ts';
import { countLive } from './binding-table.ts';
import { tellEvent } from './tell-event.ts';
import { withinExtent } from './within-extent.ts';

/** The letter in front of a scope's key says whose it is. */
export const scopeKind = (scopeId: ScopeId): PolicyScope => (scopeId.startsWith('p:') ? 'partner' : 'tenant');

interface Row extends Omit<Policy, 'scope' | 'rules'> {
  readonly rulesJson: string;
  readonly ruleCount: number;
}

const select = (sql: SqlTag) => sql`
  select id, name, description, priority, is_active as "isActive", rules as "rulesJson", rule_count as "ruleCount",
    created_at as "createdAtMicros", updated_at as "updatedAtMicros"
  from policy`;

const policyOf = (scopeId: ScopeId, { rulesJson, ruleCount, ...row }: Row): Policy => ({
  ...row,
  scope: scopeKind(scopeId),
  rules: { json: rulesJson, count: ruleCount },
});

const read = async (sql: SqlTag, scopeId: ScopeId, id: string, forUpdate: boolean): Promise<Policy | undefined> => {
  const lock = forUpdate ? sql`for update` : sql``;
  const [row] = await sql<Row[]>`${select(sql)} where scope_id = ${scopeId} and id = ${id} ${lock}`;
  return row === undefined ? undefined : policyOf(scopeId, row);
};

const columnsOf = (policy: Policy) => ({
  name: policy.name,
  description: policy.description,
  priority: policy.priority,
  is_active: policy.isActive,
  rules: policy.rules.json,
  rule_count: policy.rules.count,
  updated_at: policy.updatedAtMicros,
});

/** Runs the statement that writes a name; the transaction is lost with it, as it is with every refusal. */
const naming = async (name: string, write: Statement): Promise<void> => {
  try {
    await write;
  } catch (error) {
    throw isUniqueViolation(error, 'policy_name_key') ? nameTaken(name) : error;
  }
};

/** The table `policy`. */
export const createPolicyTable = (db: Pick<Database, 'withScope' | 'readScope'>): PolicyStore => ({
  find: (scopeId, id) => read(db.readScope(scopeId), scopeId, id, false),

  list: (scopeId, { includeInactive, after, limit, nowMicros }) =>
    db.withScope(scopeId, async (tx) => {
      const rows = await tx<Omit<PolicySummary, 'scope'>[]>`
        select id, name, description, priority, is_active as "isActive", rule_count as "ruleCount",
          created_at as "createdAtMicros", updated_at as "updatedAtMicros",
          (select count(*) from binding b
            where b.scope_id = p.scope_id and b.policy_id = p.id
              and (b.expires_at is null or b.expires_at > ${nowMicros}::timestamptz)) as "bindingCount"
        from policy p
        where scope_id = ${scopeId} and id > ${after} and (is_active or ${includeInactive})
        order by id limit ${limit}`;
      return rows.map((row) => ({ ...row, scope: scopeKind(scopeId) }));
    }),

  insert: (scopeId, policy, { origin, once }) =>
    withinExtent(
      db.withScope(scopeId, async (tx) => {
        const row = { scope_id: scopeId, id: policy.id, created_at: policy.createdAtMicros, ...columnsOf(policy) };
        await naming(policy.name, tx`insert into policy ${tx(row)}`);
        await tellEvent(tx, scopeId, policyCreated(origin, policy));
        await once?.commit(tx);
      }),
    ),

  change: (scopeId, id, edit, { origin, once }) =>
    withinExtent(
      db.withScope(scopeId, async (tx) => {
        const current = await read(tx, scopeId, id, true);
        if (current === undefined) return undefined;
        const changed = edit(current);
        const { name } = changed;
        await naming(name, tx`update policy set ${tx(columnsOf(changed))} where scope_id = ${scopeId} and id = ${id}`);
        await tellEvent(tx, scopeId, policyUpdated(origin, current, changed));
        await once?.commit(tx);
        return changed;
      }),
    ),

  remove: (scopeId, id, { force, origin }) =>
    db.withScope(scopeId, async (tx) => {
      const policy = await read(tx, scopeId, id, true);
      if (policy === undefined) return { found: false, inUseBy: 0 };
      const bindings = await countLive(tx, scopeId, id, origin.atMicros);
      if (bindings > 0 && !force) return { found: true, inUseBy: bindings };
      await tx`delete from policy where scope_id = ${scopeId} and id = ${id}`;
      await tellEvent(tx, scopeId, policyDeleted(origin, policy, bindings));
      return { found: true, inUseBy: 0 };
    }),
});

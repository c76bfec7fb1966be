import { type Database, isUniqueViolation, type SqlTag, type Tx } from '@scaivault/db';
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

/** Translates the refusal of the name that a transaction writes: 409 `name_conflict`. */
const naming = async <Result>(nameOf: () => string, transaction: Promise<Result>): Promise<Result> => {
  try {
    return await transaction;
  } catch (error) {
    throw isUniqueViolation(error, 'policy_name_key') ? nameTaken(nameOf()) : error;
  }
};

/** Row-level security does so in all tables here but that of the Idempotency-Keys. */
const guarded = { isGuarded: true };

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

  insert: (scopeId, policy, { origin, once }) => {
    const work = async (tx: Tx): Promise<void> => {
      const row = { scope_id: scopeId, id: policy.id, created_at: policy.createdAtMicros, ...columnsOf(policy) };
      tx.send(tx`insert into policy ${tx(row)}`);
      tellEvent(tx, scopeId, policyCreated(origin, policy));
      await once?.commit(tx);
    };
    return withinExtent(naming(() => policy.name, db.withScope(scopeId, work, { isGuarded: once === undefined })));
  },

  change: (scopeId, id, edit, { origin, once }) => {
    let name = '';
    const work = async (tx: Tx): Promise<Policy | undefined> => {
      const current = await read(tx, scopeId, id, true);
      if (current === undefined) return undefined;
      const changed = edit(current);
      ({ name } = changed);
      tx.send(tx`update policy set ${tx(columnsOf(changed))} where scope_id = ${scopeId} and id = ${id}`);
      tellEvent(tx, scopeId, policyUpdated(origin, current, changed));
      await once?.commit(tx);
      return changed;
    };
    return withinExtent(naming(() => name, db.withScope(scopeId, work, guarded)));
  },

  remove: (scopeId, id, { force, origin }) =>
    db.withScope(
      scopeId,
      async (tx) => {
        const [policy, bindings] = await Promise.all([
          read(tx, scopeId, id, true),
          countLive(tx, scopeId, id, origin.atMicros),
        ]);
        if (policy === undefined) return { found: false, inUseBy: 0 };
        if (bindings > 0 && !force) return { found: true, inUseBy: bindings };
        tx.send(tx`delete from policy where scope_id = ${scopeId} and id = ${id}`);
        tellEvent(tx, scopeId, policyDeleted(origin, policy, bindings));
        return { found: true, inUseBy: 0 };
      },
      guarded,
    ),
});

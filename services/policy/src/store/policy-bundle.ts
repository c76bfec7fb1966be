import type { Database } from '@scaivault/db';
import type { BundledPolicy, BundleStore } from '../ports.ts';
import { scopeKind } from './policy-table.ts';

type PolicyRow = Omit<BundledPolicy, 'scope' | 'bindings'>;
type BindingRow = BundledPolicy['bindings'][number] & { readonly policyId: string };

const byPolicy = (rows: readonly BindingRow[]): Map<string, BindingRow[]> => {
  const groups = new Map<string, BindingRow[]>();
  for (const row of rows) {
    const group = groups.get(row.policyId);
    if (group === undefined) groups.set(row.policyId, [row]);
    else group.push(row);
  }
  return groups;
};

/** What policy replicas decide by: both tables of one scope, joined. */
export const createPolicyBundles = (db: Pick<Database, 'withScope'>): BundleStore => ({
  read: (scopeId, nowMicros) =>
    db.withScope(scopeId, async (tx) => {
      const bindings = byPolicy(
        await tx<BindingRow[]>`
          select policy_id as "policyId", identity_type as "identityType", identity_id as "identityId",
            subject_id as "subjectId", expires_at as "expiresAtMicros"
          from binding
          where scope_id = ${scopeId} and (expires_at is null or expires_at > ${nowMicros}::timestamptz)
          order by id`,
      );
      const policies = await tx<PolicyRow[]>`
        select id, name, priority, created_at as "createdAtMicros", rules as "rulesJson"
        from policy
        where scope_id = ${scopeId} and is_active and id = any(${[...bindings.keys()]}::text[])
        order by id`;
      const scope = scopeKind(scopeId);
      return policies.map((policy) => ({ ...policy, scope, bindings: bindings.get(policy.id) ?? [] }));
    }),
});

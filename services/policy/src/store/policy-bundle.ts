import type { Database } from '@scaivault/db';
import type { BundledPolicy, BundleStore } from '../ports.ts';
import { scopeKind } from './policy-table.ts';

/** The bindings of a policy as columns. */
interface Row extends Omit<BundledPolicy, 'scope' | 'bindings'> {
  readonly identityTypes: readonly BundledPolicy['bindings'][number]['identityType'][];
  readonly identityIds: readonly string[];
  readonly subjectIds: readonly (string | null)[];
  readonly expiriesMicros: readonly (number | null)[];
}

const policyOf = ({ identityTypes, identityIds, subjectIds, expiriesMicros, ...policy }: Row) => ({
  ...policy,
  bindings: identityTypes.map((identityType, index) => ({
    identityType,
    identityId: identityIds[index] ?? '',
    subjectId: subjectIds[index] ?? null,
    expiresAtMicros: expiriesMicros[index] ?? null,
  })),
});

/** What policy replicas decide by: both tables of one scope, joined, in one statement. */
export const createPolicyBundles = (db: Pick<Database, 'readScope'>): BundleStore => ({
  read: async (scopeId, nowMicros) => {
    const rows = await db.readScope(scopeId)<Row[]>`
      select p.id, p.name, p.priority, p.created_at as "createdAtMicros", p.rules as "rulesJson",
        b."identityTypes", b."identityIds", b."subjectIds", b."expiriesMicros"
      from policy p join (
        select policy_id, array_agg(identity_type order by id) as "identityTypes",
          array_agg(identity_id order by id) as "identityIds", array_agg(subject_id order by id) as "subjectIds",
          array_agg(expires_at order by id) as "expiriesMicros"
        from binding
        where scope_id = ${scopeId} and (expires_at is null or expires_at > ${nowMicros}::timestamptz)
        group by policy_id
      ) b on b.policy_id = p.id
      where p.scope_id = ${scopeId} and p.is_active
      order by p.id`;
    return rows.map((row) => ({ ...policyOf(row), scope: scopeKind(scopeId) }));
  },
});

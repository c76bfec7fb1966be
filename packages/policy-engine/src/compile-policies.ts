import { bindingKey } from './binding-key.ts';
import { type CompiledPolicy, type CompiledRule, compileRule } from './compile-rule.ts';
import { createConditionsReader } from './conditions/read-conditions.ts';
import { createPathIndex, type PathIndex } from './path-index.ts';
import { type Permission, permissionBit } from './permission.ts';
import type { BindingRecord, PolicyRecord } from './policy-record.ts';

/** The policies that hold in one tenant, compiled; immutable, and good until the next revision. */
export interface PolicyBundle {
  /** In the order they are tried. */
  readonly policies: readonly CompiledPolicy[];
  /** The policies bound to an identity, in the order they are tried. */
  readonly byBinding: ReadonlyMap<string, readonly CompiledPolicy[]>;
  /** How many rules those policies have. */
  readonly ruleCountByBinding: ReadonlyMap<string, number>;
  /** The rules that speak of a permission, by path; built when the permission is first asked for. */
  readonly pathIndex: (permission: Permission) => PathIndex;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const inOrderOfTrial = (a: PolicyRecord, b: PolicyRecord): number =>
  a.priority - b.priority || a.createdAtMs - b.createdAtMs || compareText(a.id, b.id);

const latestExpiry = (bindings: readonly BindingRecord[]): Map<string, number> => {
  const until = new Map<string, number>();
  for (const binding of bindings) {
    const key = bindingKey(binding);
    const expiresAtMs = binding.expiresAtMs ?? Number.POSITIVE_INFINITY;
    until.set(key, Math.max(expiresAtMs, until.get(key) ?? Number.NEGATIVE_INFINITY));
  }
  return until;
};

const indexByBinding = (policies: readonly CompiledPolicy[]): Map<string, CompiledPolicy[]> => {
  const index = new Map<string, CompiledPolicy[]>();
  for (const policy of policies) {
    for (const key of policy.boundUntilMs.keys()) {
      const list = index.get(key);
      if (list === undefined) index.set(key, [policy]);
      else list.push(policy);
    }
  }
  return index;
};

const countRules = (byBinding: ReadonlyMap<string, readonly CompiledPolicy[]>): Map<string, number> =>
  new Map(
    Array.from(byBinding, ([key, policies]) => [key, policies.reduce((sum, { rules }) => sum + rules.length, 0)]),
  );

const indexByPath = (policies: readonly CompiledPolicy[]): ((permission: Permission) => PathIndex) => {
  const indexes = new Map<Permission, PathIndex>();
  return (permission) => {
    const known = indexes.get(permission);
    if (known !== undefined) return known;
    const bit = permissionBit(permission);
    const index = createPathIndex(
      policies.flatMap(({ rules }) => rules.filter(({ permissionMask }) => (permissionMask & bit) !== 0)),
    );
    indexes.set(permission, index);
    return index;
  };
};

/**
 * Compiles the active policies of a tenant together with the partner-scope ones of its partner: sorted by priority,
 * time of creation and id (rest-api-core 6.5), patterns and conditions turned into closures. Never refuses a stored
 * rule: one that cannot be read fails closed (6.3).
 */
export const compilePolicies = (records: readonly PolicyRecord[]): PolicyBundle => {
  let nextRule = 0;
  const readConditions = createConditionsReader();
  const policies = records.toSorted(inOrderOfTrial).map((record, order): CompiledPolicy => {
    const rules: CompiledRule[] = [];
    const policy = { id: record.id, name: record.name, order, rules, boundUntilMs: latestExpiry(record.bindings) };
    for (const [index, rule] of record.rules.entries()) {
      rules.push(compileRule(rule, { order: nextRule++, index, policy }, readConditions));
    }
    return policy;
  });
  const byBinding = indexByBinding(policies);
  return {
    policies,
    byBinding,
    ruleCountByBinding: countRules(byBinding),
    pathIndex: indexByPath(policies),
  };
};

import type { PolicyBundle } from './compile-policies.ts';
import type { CompiledRule } from './compile-rule.ts';
import type { Condition } from './conditions/condition.ts';
import { isBound } from './judge.ts';
import { rulesNear, visitMerged } from './path-index.ts';
import type { Permission } from './permission.ts';
import type { IdentityType } from './rule-document.ts';

/** What is asked of everybody at once. */
export interface AccessQuestion {
  readonly permission: Permission;
  /** A policy path (rest-api-core 2.5). */
  readonly path: string;
  readonly nowMs: number;
}

/** Somebody policies are bound to. */
export interface Party {
  /** Every name under which a binding may find it; see `subjectKeys`. */
  readonly keys: readonly string[];
  /** Null for a group, whose members may be of either kind. */
  readonly identityType: IdentityType | null;
  readonly isTenantAdmin: boolean;
}

export interface AccessRule {
  readonly policyId: string;
  readonly policyName: string;
  readonly ruleIndex: number;
  readonly effect: 'allow' | 'deny';
  /** Names of the conditions that have to hold for it, in the order they are tried; empty: it decides. */
  readonly conditions: readonly string[];
  /** Until when the party is bound to its policy, in Unix milliseconds; null: for ever. */
  readonly boundUntilMs: number | null;
}

export interface Access {
  /** `conditional`: it depends on circumstances of the request; `never` also when only denials are there. */
  readonly access: 'always' | 'conditional' | 'never';
  /** True when the role grants it in the end. */
  readonly byRole: boolean;
  /** The rules that speak of it, in the order they are tried, up to the first that decides whatever the circumstances. */
  readonly rules: readonly AccessRule[];
}

/** The rules of a bundle that speak of this permission on this path, in the order they are tried; nobody is asked about. */
export const rulesAbout = (bundle: PolicyBundle, { permission, path }: AccessQuestion): readonly CompiledRule[] => {
  const rules: CompiledRule[] = [];
  visitMerged(rulesNear(bundle.pathIndex(permission), path), (rule) => {
    if (rule.glob.matches(path) && !rule.isUnreadable) rules.push(rule);
    return undefined;
  });
  return rules;
};

const boundUntil = ({ policy }: CompiledRule, keys: readonly string[]): number | null => {
  const until = Math.max(...keys.map((key) => policy.boundUntilMs.get(key) ?? Number.NEGATIVE_INFINITY));
  return until === Number.POSITIVE_INFINITY ? null : until;
};

const factsOf = (identityType: IdentityType) => ({
  identityType,
  nowMs: 0,
  issuedAtMs: null,
  mfaVerifiedAtMs: null,
  sourceAddress: () => undefined,
});

/** The conditions that a request may still meet or miss; undefined when the kind of identity already misses one. */
const openConditions = (conditions: readonly Condition[], identityType: IdentityType | null): string[] | undefined => {
  const ofType = conditions.filter(({ name }) => name === 'identity_types' && identityType !== null);
  if (identityType !== null && !ofType.every((condition) => condition.holds(factsOf(identityType)))) return undefined;
  return conditions.filter((condition) => !ofType.includes(condition)).map(({ name }) => name);
};

/**
 * What the rules found by `rulesAbout` say of one party, whatever the circumstances of a request (rest-api-core 6.5):
 * `always` and `never` hold for every request of it, a token's own paths aside; for a group they hold as far as no other
 * policy of a member says otherwise.
 */
export const accessOf = (about: readonly CompiledRule[], party: Party, nowMs: number): Access => {
  const rules: AccessRule[] = [];
  const answer = (terminal: 'allow' | 'deny' | 'none', byRole = false): Access => {
    const mayAllow = rules.some(({ effect }) => effect === 'allow') || byRole;
    const mayDeny = rules.some(({ effect, conditions }) => effect === 'deny' && conditions.length > 0);
    if (!mayAllow) return { access: 'never', byRole: false, rules };
    return { access: terminal === 'allow' && !mayDeny ? 'always' : 'conditional', byRole, rules };
  };
  for (const rule of about) {
    if (!isBound(rule.policy, party.keys, nowMs)) continue;
    const conditions = openConditions(rule.conditions, party.identityType);
    if (conditions === undefined) continue;
    const effect = rule.allows ? 'allow' : 'deny';
    const { id: policyId, name: policyName } = rule.policy;
    const boundUntilMs = boundUntil(rule, party.keys);
    rules.push({ policyId, policyName, ruleIndex: rule.index, effect, conditions, boundUntilMs });
    if (conditions.length === 0) return answer(effect);
  }
  return party.isTenantAdmin ? answer('allow', true) : answer('none');
};

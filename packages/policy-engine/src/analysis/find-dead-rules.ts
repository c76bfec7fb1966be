import type { IdentityType } from '../rule-document.ts';
import { type AnalysedPolicy, type AnalysedRule, analyseRule } from './analysed-rule.ts';
import { impliesConditions } from './implies-conditions.ts';
import { includesPattern } from './includes-pattern.ts';

/**
 * Why a rule never decides: an earlier one always does and says the same (`redundant`) or the opposite
 * (`contradicted`), it holds what this version cannot read (`unreadable`), or it is for the other kind of identity.
 */
export type DeadRuleKind = 'redundant' | 'contradicted' | 'unreadable' | 'other_identity_type';

export interface RuleAddress {
  readonly policyId: string;
  readonly policyName: string;
  readonly ruleIndex: number;
}

export interface DeadRule extends RuleAddress {
  readonly kind: DeadRuleKind;
  /** The earlier rules that together leave it nothing, in the order they are tried. */
  readonly because: readonly RuleAddress[];
}

export interface DeadRules {
  readonly findings: readonly DeadRule[];
  /** False when there was too much to compare: what is found is true, and there may be more. */
  readonly isComplete: boolean;
}

/** Pairs of rules that are compared before the analysis stops; some tenths of a second at most. */
const maxComparisons = 200_000;
const maxFindings = 1_000;

const addressOf = ({ policy, index }: AnalysedRule): RuleAddress => ({
  policyId: policy.id,
  policyName: policy.name,
  ruleIndex: index,
});

/** True when `earlier` decides whatever `later` could, but for the permissions, which are counted by the caller. */
const preempts = (earlier: AnalysedRule, later: AnalysedRule): boolean =>
  earlier.policy.boundUntilMs >= later.policy.boundUntilMs &&
  impliesConditions(later.conditions, earlier.conditions) &&
  includesPattern(earlier.pattern, later.pattern);

/** Rules by the literal text their patterns start with: a pattern can only be included in one that starts no longer. */
const createPrefixShelf = () => {
  const shelf = new Map<string, AnalysedRule[]>();
  return {
    add: (rule: AnalysedRule): void => {
      const list = shelf.get(rule.literalPrefix) ?? [];
      shelf.set(rule.literalPrefix, list);
      list.push(rule);
    },
    *above({ literalPrefix }: AnalysedRule): Iterable<AnalysedRule> {
      for (let length = 0; length <= literalPrefix.length; length += 1) {
        yield* shelf.get(literalPrefix.slice(0, length)) ?? [];
      }
    },
  };
};

/**
 * Rules that can never decide a request, of policies in the order they are tried (rest-api-core 6.5). Never a false
 * alarm: a rule is named only when for each of its permissions an earlier rule, bound at least as long, matches every
 * path it matches and applies whenever it applies. `identityType`: of the one identity that all these policies are bound
 * to; undefined for a single policy, whoever it is bound to.
 */
export const findDeadRules = (policies: readonly AnalysedPolicy[], identityType?: IdentityType): DeadRules => {
  const shelf = createPrefixShelf();
  const findings: DeadRule[] = [];
  let comparisons = 0;

  const preemptersOf = (rule: AnalysedRule): AnalysedRule[] | undefined => {
    let left = rule.permissionMask;
    const because: AnalysedRule[] = [];
    for (const earlier of shelf.above(rule)) {
      comparisons += 1;
      if (comparisons > maxComparisons) return undefined;
      if ((earlier.permissionMask & left) === 0 || !preempts(earlier, rule)) continue;
      because.push(earlier);
      left &= ~earlier.permissionMask;
      if (left === 0) return because;
    }
    return undefined;
  };

  for (const policy of policies) {
    for (const [index, document] of policy.rules.entries()) {
      if (comparisons > maxComparisons || findings.length >= maxFindings) return { findings, isComplete: false };
      const rule = analyseRule(policy, index, document, identityType);
      if (rule.neverApplies !== null) {
        findings.push({ ...addressOf(rule), kind: rule.neverApplies, because: [] });
        continue;
      }
      const because = preemptersOf(rule);
      if (because === undefined) {
        shelf.add(rule);
        continue;
      }
      const kind = because.every(({ allows }) => allows === rule.allows) ? 'redundant' : 'contradicted';
      findings.push({ ...addressOf(rule), kind, because: because.map(addressOf) });
    }
  }
  return { findings, isComplete: comparisons <= maxComparisons };
};

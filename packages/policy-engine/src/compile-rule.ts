import { isVaultError } from '@scaivault/errors';
import { compileGlob, type Glob } from '@scaivault/tenancy';
import type { Condition } from './conditions/condition.ts';
import type { StoredConditions } from './conditions/read-conditions.ts';
import { permissionMask } from './permission.ts';
import type { RuleDocument } from './rule-document.ts';

export interface CompiledRule {
  /** Position among all rules of the bundle; the first one that decides wins. */
  readonly order: number;
  readonly index: number;
  readonly policy: CompiledPolicy;
  readonly allows: boolean;
  /** True for an allow rule that this version cannot read, which therefore never applies. */
  readonly isUnreadable: boolean;
  readonly permissionMask: number;
  readonly glob: Glob;
  /** Rules with equal conditions share one list, so what failed once need not be tried again for the next rule. */
  readonly conditions: readonly Condition[];
}

export interface CompiledPolicy {
  readonly id: string;
  readonly name: string;
  readonly order: number;
  readonly rules: readonly CompiledRule[];
  /** Milliseconds since the epoch until which each bound identity is bound; infinite without an expiry. */
  readonly boundUntilMs: ReadonlyMap<string, number>;
}

const neverHolds = (name: string): Condition => ({
  name,
  code: 'access_denied',
  mfaMaxAge: null,
  isAboutRequest: false,
  holds: () => false,
});

const everyPath = compileGlob('**');

const readStoredGlob = (pattern: string): Glob | undefined => {
  try {
    return compileGlob(pattern);
  } catch (error) {
    if (isVaultError(error, 'invalid_glob')) return undefined;
    throw error;
  }
};

/**
 * A stored rule, ready to be judged. It fails closed (rest-api-core 6.3): with a condition or pattern that this version
 * cannot read, an allow rule never applies and a deny rule does so unconditionally; any effect but `allow` denies.
 */
export const compileRule = (
  document: RuleDocument,
  at: Pick<CompiledRule, 'order' | 'index' | 'policy'>,
  readConditions: (stored: unknown) => StoredConditions,
): CompiledRule => {
  const allows = document.effect === 'allow';
  const conditions = readConditions(document.conditions);
  const glob = readStoredGlob(document.path_pattern);
  const rule = { ...at, allows, permissionMask: permissionMask(document.permissions), glob: glob ?? everyPath };
  const unreadable = (name: string): CompiledRule =>
    allows
      ? { ...rule, isUnreadable: true, conditions: [neverHolds(name)] }
      : { ...rule, isUnreadable: false, conditions: [] };
  if (glob === undefined) return unreadable('path_pattern');
  if ('unreadable' in conditions) return unreadable(conditions.unreadable);
  return { ...rule, isUnreadable: false, conditions };
};

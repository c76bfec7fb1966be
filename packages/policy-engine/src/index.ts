export {
  type Access,
  type AccessQuestion,
  type AccessRule,
  accessOf,
  type Party,
  rulesAbout,
} from './access-of.ts';
export type { AnalysedPolicy } from './analysis/analysed-rule.ts';
export { type DeadRule, type DeadRules, findDeadRules, type RuleAddress } from './analysis/find-dead-rules.ts';
export { partyKeys, subjectKeys } from './binding-key.ts';
export { compilePolicies, type PolicyBundle } from './compile-policies.ts';
export { type Allowed, builtinTenantAdmin, type Decision, type Denied } from './decision.ts';
export { type Evaluator, evaluate, evaluatorFor } from './evaluate.ts';
export { type Explanation, type ExplanationReason, explain, type TriedPolicy, type TriedRule } from './explain.ts';
export { parseRules } from './parse-rules.ts';
export { type Permission, permissions } from './permission.ts';
export type { BindingRecord, PolicyRecord } from './policy-record.ts';
export type { PolicyRequest, PolicySubject } from './policy-request.ts';
export {
  type Conditions,
  type IdentityType,
  identityTypes,
  type RuleDocument,
  type TimeWindow,
  type Weekday,
  weekdays,
} from './rule-document.ts';

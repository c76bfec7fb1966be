export { compilePolicies, type PolicyBundle } from './compile-policies.ts';
export { type Allowed, builtinTenantAdmin, type Decision, type Denied } from './decision.ts';
export { type Evaluator, evaluate, evaluatorFor } from './evaluate.ts';
export { type Explanation, type ExplanationReason, explain, type TriedPolicy } from './explain.ts';
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

import type { DescMethodUnary } from '@bufbuild/protobuf';
import type { Access } from '@scaivault/contracts/options/v1/access';
import { policyPathOf, type SecretPath } from '@scaivault/tenancy';
import type { AuditFacts } from './audit/audit-facts.ts';
import { type AuditItem, auditItem } from './audit/audit-item.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { Judge } from './authorize.ts';
import { permissionOf } from './policy-target.ts';
import { defect, type JudgedItem, type RpcCall } from './rpc-call.ts';

type Call = Pick<RpcCall, 'caller' | 'request' | 'extra'> & { readonly facts: AuditFacts };

/** What step 6 of rest-api-core 1.8 does for the one object of a call, for each object of a call about many. */
export const compileJudgeItem = (method: DescMethodUnary, option: Access, judge: Judge) => {
  const permission = permissionOf(method);
  return ({ caller }: Call, path: SecretPath): JudgedItem => {
    if (caller === undefined || permission === undefined || !option.eachRow) throw defect('This RPC judges no items.');
    const scope = caller.objectScope;
    const policyPath = policyPathOf(scope, path);
    return { scope, path, policyPath, ...judge(caller, permission, policyPath) };
  };
};

/** What steps 8 to 10 do for a call, for each object of a call that leaves a row for each. */
export const compileAuditItem =
  (option: Access, audit: AuditTrail) =>
  async <Result>({ request, facts, extra }: Call, item: AuditItem, work: () => Promise<Result>): Promise<Result> => {
    const subject = option.auditEach ? facts.subject(option.audit) : undefined;
    if (subject === undefined) throw defect('This RPC leaves no rows of items.');
    return await auditItem(audit, request, subject, () => facts.extra(extra), item, work);
  };

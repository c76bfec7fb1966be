import type { Message } from '@bufbuild/protobuf';
import type { Access } from '@scaivault/contracts/options/v1/access';
import { toVaultError } from '@scaivault/errors';
import type { CallContext, UnaryHandler } from '@scaivault/runtime';
import type { AuditFacts } from './audit/audit-facts.ts';
import { auditFinding } from './audit/audit-finding.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import { withinRow } from './audit/within-row.ts';
import type { Admission } from './idempotency/carry-out-once.ts';
import type { RpcCall } from './rpc-call.ts';

interface AuditedCall extends Pick<RpcCall, 'request' | 'extra'> {
  readonly message: Message;
  readonly context: CallContext;
  readonly facts: AuditFacts;
}

/**
 * Steps 8 to 10: intent into the journal, the operation, outcome into the journal; with `isEmpty` a row only for an answer
 * that holds something.
 */
export const runAudited = async (
  passage: AuditedCall,
  option: Access,
  audit: AuditTrail,
  handler: UnaryHandler,
  isEmpty?: (answer: Message) => boolean,
): Promise<Message> => {
  const { message, context, facts, request, extra } = passage;
  const subject = option.audit === '' || option.auditEach ? undefined : facts.subject(option.audit);
  const work = (): Promise<Message> => handler(message, context);
  if (subject === undefined) return await work();
  const extraOf = () => facts.extra(extra);
  if (isEmpty !== undefined) return await auditFinding(audit, request, subject, extraOf, isEmpty, work);
  return await withinRow(audit, request, subject, extraOf, work);
};

/** Step 8 of a request with an Idempotency-Key; its refusal leaves a row like every failure from there on (7.1). */
export const runKeyed = async (
  passage: AuditedCall,
  option: Access,
  audit: AuditTrail,
  admit: () => Promise<Admission>,
): Promise<Message> => {
  let admission: Admission;
  try {
    admission = await admit();
  } catch (error) {
    const { request, facts, extra } = passage;
    const subject = option.audit === '' ? undefined : facts.subject(option.audit);
    if (subject !== undefined) await audit.note(request, subject, toVaultError(error).code, facts.extra(extra));
    throw error;
  }
  try {
    return await runAudited(passage, option, audit, admission.handler);
  } finally {
    await admission.end();
  }
};

/** For handlers of public RPCs, which learn only inside whose deed it is. */
export const auditedWork = async <Result>(
  passage: AuditedCall,
  option: Access,
  audit: AuditTrail,
  subject: { readonly tenantId: string; readonly identityType: string; readonly identityId: string },
  work: () => Promise<Result>,
): Promise<Result> => {
  const { request, facts, extra } = passage;
  const row = { ...subject, action: option.audit, secretPath: undefined, policyId: undefined };
  return await withinRow(audit, request, row, () => facts.extra(extra), work);
};

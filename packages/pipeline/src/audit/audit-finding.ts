import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import type { Access } from '@scaivault/contracts/options/v1/access';
import { toVaultError } from '@scaivault/errors';
import type { RequestInfo } from '../request-info.ts';
import type { AuditSubject, AuditTrail } from './audit-trail.ts';
import { leavesRow } from './leaves-row.ts';
import { withinRow } from './within-row.ts';

/** Says of an answer whether it hands nothing out; undefined for RPCs without the option `audit_unless_empty`. */
export const compileIsEmpty = (
  method: DescMethodUnary,
  { auditUnlessEmpty }: Pick<Access, 'auditUnlessEmpty'>,
): ((answer: Message) => boolean) | undefined => {
  const field = method.output.fields.find(({ name }) => name === auditUnlessEmpty);
  if (field === undefined) return undefined;
  return (answer) => (answer as unknown as Record<string, readonly unknown[]>)[field.localName]?.length === 0;
};

/**
 * Does work that changes nothing and leaves a row only for what it finds. The row is in the journal before the answer
 * leaves; nothing is begun that a crash could leave half done, so there is no intent while the work waits. A failure
 * leaves its row as any other from step 8 on (rest-api-core 7.1). 503 `audit_unavailable`.
 */
export const auditFinding = async (
  audit: Pick<AuditTrail, 'open' | 'note'>,
  request: RequestInfo,
  subject: AuditSubject,
  extra: () => Readonly<Record<string, unknown>>,
  isEmpty: (answer: Message) => boolean,
  work: () => Promise<Message>,
): Promise<Message> => {
  let answer: Message;
  try {
    answer = await work();
  } catch (error) {
    const refusal = toVaultError(error);
    if (leavesRow(refusal)) await audit.note(request, subject, refusal.code, extra());
    throw error;
  }
  return isEmpty(answer) ? answer : await withinRow(audit, request, subject, extra, () => Promise.resolve(answer));
};

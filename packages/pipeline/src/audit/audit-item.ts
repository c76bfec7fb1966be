import type { VaultError } from '@scaivault/errors';
import type { PolicyPath } from '@scaivault/tenancy';
import type { RequestInfo } from '../request-info.ts';
import type { AuditSubject, AuditTrail } from './audit-trail.ts';
import { leavesRow } from './leaves-row.ts';
import { withinRow } from './within-row.ts';

/** One item of a call that leaves a row for each (access option `audit_each`). */
export interface AuditItem {
  readonly policyPath: PolicyPath;
  /** The policy that decided. */
  readonly policyId: string | undefined;
  /** Set when nothing may be done for this item. */
  readonly refusal?: VaultError | undefined;
}

/**
 * Does one item's work within a row of its own. An item that is refused is not worked on: it leaves one row, and the
 * refusal is thrown. Items of one turn cross the journal together, so a batch runs them all at once.
 */
export const auditItem = async <Result>(
  audit: AuditTrail,
  request: RequestInfo,
  call: AuditSubject,
  extra: () => Readonly<Record<string, unknown>>,
  { policyPath, policyId, refusal }: AuditItem,
  work: () => Promise<Result>,
): Promise<Result> => {
  const subject = { ...call, secretPath: policyPath, policyId };
  if (refusal === undefined) return await withinRow(audit, request, subject, extra, work);
  if (leavesRow(refusal)) await audit.note(request, subject, refusal.code, extra());
  throw refusal;
};

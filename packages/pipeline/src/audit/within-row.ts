import { toVaultError } from '@scaivault/errors';
import type { RequestInfo } from '../request-info.ts';
import type { AuditSubject, AuditTrail } from './audit-trail.ts';
import { leavesRow } from './leaves-row.ts';

/**
 * Runs `work` between intent and outcome of one row (rest-api-core 1.8, steps 8 to 10); what it throws is the row's error
 * code, or leaves none. `extra` is asked again for the outcome, as the work may have added to it. 503 `audit_unavailable`.
 */
export const withinRow = async <Result>(
  audit: Pick<AuditTrail, 'open'>,
  request: RequestInfo,
  subject: AuditSubject,
  extra: () => Readonly<Record<string, unknown>>,
  work: () => Promise<Result>,
): Promise<Result> => {
  const open = await audit.open(request, subject, extra());
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    const refusal = toVaultError(error);
    if (leavesRow(refusal)) await open.close({ ok: false, code: refusal.code }, extra());
    else await open.withdraw();
    throw error;
  }
  await open.close({ ok: true }, extra());
  return result;
};

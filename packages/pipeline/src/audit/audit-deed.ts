import { newId, nowMicros, type TenantId } from '@scaivault/tenancy';
import type { RequestInfo } from '../request-info.ts';
import type { AuditAction } from './audit-actions.ts';
import type { AuditTrail } from './audit-trail.ts';
import { withinRow } from './within-row.ts';

/** Something that one of our own jobs does to a tenant's things. */
export interface Deed {
  readonly tenantId: TenantId;
  readonly action: AuditAction;
  /** Policy path of what it is done to, where there is one. */
  readonly secretPath?: string;
}

/**
 * Does `work` between intent and outcome of one row, as a call of a user is done (rest-api-core 1.8): without a journal
 * nothing is done, and a crash in between leaves a row with outcome `unknown`. What the work notes is the row's
 * extra_data, what it throws its error code. 503 `audit_unavailable`.
 */
export type AuditDeed = <Result>(
  deed: Deed,
  work: (note: (facts: Readonly<Record<string, unknown>>) => void) => Promise<Result>,
) => Promise<Result>;

const ownRequest = (): RequestInfo => ({
  requestId: newId('req'),
  clientRequestId: undefined,
  sourceIp: undefined,
  userAgent: undefined,
  startedMicros: nowMicros(),
});

/** Deeds of the jobs of one service, `system:<service>` (rest-api-core 1.3). */
export const createAuditDeed =
  (audit: Pick<AuditTrail, 'open'>, identityId: `system:${string}`): AuditDeed =>
  (deed, work) => {
    const extra: Record<string, unknown> = {};
    const { tenantId, action, secretPath } = deed;
    const subject = { tenantId, identityType: 'system', identityId, action, secretPath, policyId: undefined };
    return withinRow(
      audit,
      ownRequest(),
      subject,
      () => extra,
      () => work((facts) => Object.assign(extra, facts)),
    );
  };

import { toVaultError } from '@scaivault/errors';
import { newId, nowMicros, type TenantId } from '@scaivault/tenancy';
import type { RequestInfo } from '../request-info.ts';
import type { AuditAction } from './audit-actions.ts';
import type { AuditTrail, OpenAudit } from './audit-trail.ts';
import { withinRow } from './within-row.ts';

/** Something that one of our own jobs does to a tenant's things. */
export interface Deed {
  readonly tenantId: TenantId;
  readonly action: AuditAction;
  /** Policy path of what it is done to, where there is one. */
  readonly secretPath?: string;
}

type Facts = Readonly<Record<string, unknown>>;

/**
 * Rows of what our own jobs do, by the same intents and outcomes as the calls of users (rest-api-core 1.8): without a
 * journal nothing is done, and a crash in between leaves a row with outcome `unknown`. What a job notes is the row's
 * extra_data, what it throws its error code. 503 `audit_unavailable`.
 */
export interface SystemAudit {
  /** Does `work` between intent and outcome of one row. */
  deed<Result>(deed: Deed, work: (note: (facts: Facts) => void) => Promise<Result>): Promise<Result>;
  /**
   * For work that learns on its way whether there is anything to do: it calls `begin` once, last thing before the commit
   * that does it. Without that there is no row. The intent is a line in a local file, so a transaction may wait for it.
   */
  finding<Result>(deed: Deed, work: (begin: (facts: Facts) => Promise<void>) => Promise<Result>): Promise<Result>;
}

const ownRequest = (): RequestInfo => ({
  requestId: newId('req'),
  clientRequestId: undefined,
  sourceIp: undefined,
  userAgent: undefined,
  startedMicros: nowMicros(),
});

/** Rows of the jobs of one service, whose identity is `system:<service>` (rest-api-core 1.3). */
export const createSystemAudit = (audit: Pick<AuditTrail, 'open'>, identityId: `system:${string}`): SystemAudit => {
  const subjectOf = ({ tenantId, action, secretPath }: Deed) => ({
    tenantId,
    identityType: 'system',
    identityId,
    action,
    secretPath,
    policyId: undefined,
  });
  return {
    deed: (deed, work) => {
      const extra: Record<string, unknown> = {};
      const note = (facts: Facts): void => {
        Object.assign(extra, facts);
      };
      return withinRow(
        audit,
        ownRequest(),
        subjectOf(deed),
        () => extra,
        () => work(note),
      );
    },

    finding: async (deed, work) => {
      const request = ownRequest();
      let begun: { readonly row: OpenAudit; readonly facts: Facts } | undefined;
      const begin = async (facts: Facts): Promise<void> => {
        begun = { row: await audit.open(request, subjectOf(deed), facts), facts };
      };
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work(begin);
      } catch (error) {
        await begun?.row.close({ ok: false, code: toVaultError(error).code }, begun.facts);
        throw error;
      }
      await begun?.row.close({ ok: true }, begun.facts);
      return result;
    },
  };
};

import type { SystemAudit } from '@scaivault/pipeline';
import { type ScopeId, type TenantId, tenantOfScope } from '@scaivault/tenancy';
import type { Clock, Expiry, RetentionRule } from '../ports.ts';

const tenantsAtOnce = 100;
/** A tenant with more to remove goes on with the next run, so that none keeps the others waiting. */
const mostBatches = 500;
const daysAtOnce = 1_000;

/**
 * Removes what tenants no longer keep (rest-api-core 7.2): sealed batches, whole and in the order of their numbers, each
 * in a transaction of its own; then the months in which nobody has a record left. What was removed of a tenant stands in
 * its log. A tenant that fails does not keep the others from theirs; the failure is thrown at the end.
 */
export const createApplyRetention = ({
  expiry,
  audit,
  onMonthDropped,
  defaultDays,
  nowMicros,
}: {
  readonly expiry: Expiry;
  readonly audit: Pick<SystemAudit, 'deed'>;
  readonly onMonthDropped: (month: string) => void;
  readonly defaultDays: number;
  readonly nowMicros: Clock;
}) => {
  const removeExpired = (scopeId: ScopeId, tenantId: TenantId, rule: RetentionRule): Promise<void> =>
    audit.deed({ tenantId, action: 'audit_retention' }, async (note) => {
      let records = 0;
      for (let batches = 0; batches < mostBatches; batches += 1) {
        const removed = await expiry.removeBatch(scopeId, rule);
        if (removed === undefined) return;
        records += removed.records;
        note({ removed_records: records, last_event_seq: removed.lastSeq });
      }
    });

  return async (): Promise<void> => {
    const rule = { defaultDays, nowMicros: nowMicros() };
    const failures: unknown[] = [];
    let after = '';
    for (let isMore = true; isMore; ) {
      const tenants = await expiry.find(after, tenantsAtOnce, rule);
      const due = tenants.filter(({ isDue }) => isDue);
      for (const { scopeId } of due) {
        const tenantId = tenantOfScope(scopeId);
        if (tenantId === undefined) continue;
        await removeExpired(scopeId, tenantId, rule).catch((error: unknown) => {
          failures.push(error);
        });
      }
      after = tenants.at(-1)?.scopeId ?? after;
      isMore = tenants.length === tenantsAtOnce;
    }
    while ((await expiry.forgetDays(daysAtOnce)) === daysAtOnce);
    for (const month of await expiry.dropEmptyMonths()) onMonthDropped(month);
    if (failures.length > 0) throw failures[0];
  };
};

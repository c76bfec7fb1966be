import type { Logger, Metrics } from '@scaivault/runtime';
import type { ScopeId } from '@scaivault/tenancy';

/** An outage is told once in this time, not once a turn. */
const silenceMs = 60_000;

/** What an operator has to hear of the sealer. Records go on being stored whatever happens here. */
export const createSealAlarms = ({
  logger,
  metrics,
  nowMs,
}: {
  readonly logger: Pick<Logger, 'error'>;
  readonly metrics: Pick<Metrics, 'integrityAlarms' | 'auditSealFailures'>;
  readonly nowMs: () => number;
}) => {
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  return {
    tampering: (found: { scopeId: ScopeId; firstEventSeq: number; lastEventSeq: number }): void => {
      metrics.integrityAlarms.inc();
      logger.error(
        { alarm: 'audit_records_missing', ...found },
        'Audit records are missing, or there are more than were stored; what is there was sealed',
      );
    },
    failure: (scopeId: ScopeId, error: unknown): void => {
      metrics.auditSealFailures.inc();
      logger.error({ alarm: 'audit_not_sealed', scopeId, err: error }, "A tenant's audit records could not be sealed");
    },
    stalled: (error: unknown): void => {
      metrics.auditSealFailures.inc();
      if (nowMs() < silentUntilMs) return;
      silentUntilMs = nowMs() + silenceMs;
      logger.error({ alarm: 'audit_sealing_waits', err: error }, 'Audit records are stored but wait for their seal');
    },
  };
};

import type { AuditAction, SystemAudit } from '@scaivault/pipeline';
import { isId, tenantOfScope } from '@scaivault/tenancy';
import type { Claim, EndpointPlace } from '../../domain/deliveries/delivery.ts';
import type { AttemptResult, DeliveryStore, Disable } from '../../ports/deliveries.ts';

/** Writes down how an attempt went, unless somebody else has claimed the delivery meanwhile. 503 `audit_unavailable`. */
export type RecordAttempt = (claim: Claim, endpoint: EndpointPlace, result: AttemptResult) => Promise<void>;

type Kind = 'webhook' | 'subscription';

const kindOf = ({ endpointId }: EndpointPlace): Kind => (isId('sub', endpointId) ? 'subscription' : 'webhook');

/**
 * An attempt that disables its endpoint does to a tenant what its administrator could do, so it leaves the same row: the
 * intent lies in the journal before the commit that disables (ADR 0027). Without a journal nothing is written down, and
 * the delivery comes again when its claim has run out.
 */
export const createRecordAttempt =
  ({
    deliveries,
    audit,
    disable,
  }: {
    readonly deliveries: Pick<DeliveryStore, 'record'>;
    readonly audit: Pick<SystemAudit, 'finding'>;
    readonly disable: Readonly<Record<Kind, Disable>>;
  }): RecordAttempt =>
  async (claim, endpoint, result) => {
    const kind = kindOf(endpoint);
    const action: AuditAction = `${kind}_update`;
    const tenantId = tenantOfScope(endpoint.scopeId);
    if (tenantId === undefined) throw new Error('An endpoint belongs to a tenant.');
    await audit.finding({ tenantId, action }, (begin) =>
      deliveries.record(claim, result, async (tx, disabling) => {
        await disable[kind](tx, disabling);
        await begin({
          [`${kind}_id`]: disabling.endpointId,
          changed_fields: [kind === 'webhook' ? 'enabled' : 'status'],
          consecutive_failures: disabling.consecutiveFailures,
          last_response_code: disabling.lastResponseCode,
        });
      }),
    );
  };

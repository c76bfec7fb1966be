import { toVaultError } from '@scaivault/errors';
import type { TenantId } from '@scaivault/tenancy';
import type { Change } from '../domain/change.ts';
import type { Envelope } from '../domain/envelope.ts';
import { knownEventTypes, readChange } from '../domain/read-change.ts';
import type { Clock, Directory, Outcome } from '../ports.ts';
import type { ApplyChange } from './apply-change.ts';
import type { Delivery, OpenDelivery } from './open-delivery.ts';

/** The audit trail of one call. */
export interface Trail {
  note(facts: Readonly<Record<string, unknown>>): void;
  /** Runs `work` between intent and outcome of a row of this tenant. */
  within<Result>(tenantId: TenantId, work: () => Promise<Result>): Promise<Result>;
}

export interface Receipt {
  readonly eventId: string;
  readonly outcome: Outcome | 'ignored';
}

/** As far as a signature's own time may be ahead of our clock, an event's time may be too (rest-api-core 11.2). */
const clockToleranceMicros = 300_000_000;

/**
 * Takes one delivery: proves it, reads it, applies it, once (rest-api-core 11.2). 401 `signature_invalid`, 413
 * `payload_too_large`, 400 `invalid_request`, 503 `service_unavailable`.
 */
export const createReceiveEvent = ({
  open,
  directory,
  applyChange,
  count,
  nowMicros,
}: {
  readonly open: OpenDelivery;
  readonly directory: Pick<Directory, 'tenant'>;
  readonly applyChange: ApplyChange;
  /** Counts a delivery by its type and what became of it. */
  readonly count: (eventType: string, result: string) => void;
  readonly nowMicros: Clock;
}) => {
  const isKnown = async (tenantId: TenantId, change: Change | undefined): Promise<boolean> =>
    change?.kind === 'tenant' || (await directory.tenant(tenantId)) !== undefined;

  const apply = async ({ eventId, atMicros }: Envelope, change: Change): Promise<Outcome> => {
    const now = nowMicros();
    // A time far ahead, taken as it is, would shut the row to every later event.
    return await applyChange({
      eventId,
      change,
      atMicros: Math.min(atMicros, now + clockToleranceMicros),
      nowMicros: now,
    });
  };

  const process = async (envelope: Envelope, trail: Trail): Promise<Receipt> => {
    const { eventId, eventType } = envelope;
    const change = readChange(envelope);
    trail.note({ event_type: eventType, event_id: eventId });
    const work = async (): Promise<Receipt> => {
      const outcome = change === undefined ? 'ignored' : await apply(envelope, change);
      trail.note({ result: outcome });
      return { eventId, outcome };
    };
    const tenantId = change?.kind === 'tenant' ? change.tenantId : envelope.tenantId;
    if (tenantId === undefined || !(await isKnown(tenantId, change))) return await work();
    return await trail.within(tenantId, work);
  };

  return async (delivery: Delivery, trail: Trail): Promise<Receipt> => {
    let label = 'unverified';
    try {
      const envelope = open(delivery);
      label = knownEventTypes.has(envelope.eventType) ? envelope.eventType : 'other';
      const receipt = await process(envelope, trail);
      count(label, receipt.outcome);
      return receipt;
    } catch (error) {
      count(label, toVaultError(error).code);
      throw error;
    }
  };
};

export type ReceiveEvent = ReturnType<typeof createReceiveEvent>;

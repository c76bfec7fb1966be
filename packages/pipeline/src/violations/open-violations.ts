import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { EventIntakeService, type ShippedEventSchema } from '@scaivault/contracts/events/v1/intake';
import type { EventContent } from '@scaivault/outbox';
import { createClient } from '@scaivault/runtime';
import { newId, nowMicros } from '@scaivault/tenancy';
import { createViolationFold, type FoldedViolation, type Violation } from './fold-violations.ts';

export type NoteViolation = (violation: Violation) => void;

export interface Violations {
  readonly note: NoteViolation;
  start(): void;
  /** Tries once more to tell what is left. */
  stop(): Promise<void>;
}

type Message = MessageInitShape<typeof ShippedEventSchema>;

const everyMs = 1_000;
const batch = 200;
const mostWaiting = 2_000;
const timeoutMs = 5_000;

const encode = ({ caller, policyPath, permission, errorCode, failedCondition, count }: FoldedViolation): Message => {
  const { tenantId, identityId, request } = caller;
  const { type, data } = {
    type: 'policy.violation',
    data: {
      permission,
      error_code: errorCode,
      failed_condition: failedCondition,
      source_ip: request.sourceIp ?? null,
      count,
    },
  } satisfies EventContent;
  return {
    eventId: newId('evt'),
    eventType: type,
    timestampMicros: BigInt(nowMicros()),
    tenantId,
    identityId,
    path: policyPath,
    data: Buffer.from(JSON.stringify(data)),
    requestId: request.requestId,
  };
};

/**
 * Tells of refusals by policies (rest-api-core 8.2, `policy.violation`). They change nothing, so there is no transaction
 * to commit with: they go from this process's memory to the events service, within a second or as soon as that is there.
 * What a crash takes along, or 2,000 events of an outage push out, is in the audit trail all the same.
 */
export const openViolations = ({
  transport,
  onFailure,
}: {
  readonly transport: Transport;
  readonly onFailure: (error: unknown) => void;
}): Violations => {
  const intake = createClient(EventIntakeService, transport);
  const waiting: Message[] = [];
  let timer: NodeJS.Timeout | undefined;
  let shipping: Promise<void> | undefined;

  const fold = createViolationFold({
    tell: (violation) => {
      if (waiting.length >= mostWaiting) waiting.shift();
      waiting.push(encode(violation));
    },
    nowMs: () => performance.now(),
  });

  const ship = async (): Promise<void> => {
    while (waiting.length > 0) {
      const events = waiting.slice(0, batch);
      await intake.takeEvents({ events }, { timeoutMs });
      const gone = new Set(events);
      // New ones have come meanwhile, and old ones may have been pushed out.
      waiting.splice(0, waiting.length, ...waiting.filter((event) => !gone.has(event)));
    }
  };
  const tick = (): void => {
    fold.sweep();
    shipping ??= ship()
      .catch(onFailure)
      .finally(() => {
        shipping = undefined;
      });
  };

  return {
    note: fold.note,
    start: () => {
      timer = setInterval(tick, everyMs).unref();
    },
    stop: async () => {
      clearInterval(timer);
      await shipping;
      await ship().catch(onFailure);
    },
  };
};

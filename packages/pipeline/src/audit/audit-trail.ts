import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { AuditRecordSchema } from '@scaivault/contracts/audit/v1/audit';
import { VaultError } from '@scaivault/errors';
import type { Metrics } from '@scaivault/runtime';
import { newId, nowMicros } from '@scaivault/tenancy';
import type { RequestInfo } from '../request-info.ts';
import { encodeBegun, encodeEnded } from './encode-record.ts';
import { storeTogether } from './store-together.ts';

/** The part of the journal that the trail writes to. */
export interface AuditJournal {
  intent(id: string, bytes: Uint8Array): Promise<void>;
  outcome(id: string, bytes: Uint8Array): Promise<void>;
  withdraw(id: string): Promise<void>;
  record(id: string, bytes: Uint8Array): Promise<void>;
}

/** Whose deed it is and where its row lies. */
export interface AuditSubject {
  readonly tenantId: string;
  readonly identityType: string;
  readonly identityId: string;
  readonly action: string;
  readonly secretPath: string | undefined;
  readonly policyId: string | undefined;
}

export type AuditOutcome = { readonly ok: true } | { readonly ok: false; readonly code: string };

export interface OpenAudit {
  /** Writes the outcome; the answer may leave when this has resolved. */
  close(outcome: AuditOutcome, extra: Readonly<Record<string, unknown>>): Promise<void>;
  /** It was no deed: leaves no row, and none of unknown outcome either. The answer may leave when this has resolved. */
  withdraw(): Promise<void>;
}

export interface AuditTrail {
  /** Writes the intent; the handler may run when this has resolved. 503 `audit_unavailable`. */
  open(request: RequestInfo, subject: AuditSubject, extra: Readonly<Record<string, unknown>>): Promise<OpenAudit>;
  /** Writes a deed that ended before its handler ran: a refusal. */
  note(
    request: RequestInfo,
    subject: AuditSubject,
    code: string,
    extra: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

type StoreRecords = (records: readonly Uint8Array[]) => Promise<void>;

const encoder = new TextEncoder();
const emptyObject = encoder.encode('{}');
const noBytes = new Uint8Array(0);

const encodeExtra = (extra: Readonly<Record<string, unknown>>): Uint8Array => {
  for (const _ in extra) return encoder.encode(JSON.stringify(extra));
  return emptyObject;
};

const begin = (id: string, request: RequestInfo, subject: AuditSubject, extraData: Uint8Array): Uint8Array =>
  encodeBegun({
    ...subject,
    id,
    timestampMicros: request.startedMicros,
    requestId: request.requestId,
    sourceIp: request.sourceIp,
    userAgent: request.userAgent,
    extraData,
  });

/** The row of a deed whose process died before it ended: nobody knows what became of it. */
export const abandonedRecord = (intent: Uint8Array): Uint8Array => {
  const record = fromBinary(AuditRecordSchema, intent);
  record.success = false;
  record.errorCode = 'unknown';
  record.extraData = encoder.encode(
    JSON.stringify({ ...(JSON.parse(new TextDecoder().decode(record.extraData)) as object), outcome: 'unknown' }),
  );
  return toBinary(AuditRecordSchema, record);
};

/**
 * Turns requests into journal records (rest-api-core 7.1). `store` is set in AUDIT_MODE=strict: the outcome is then also
 * committed as a row before the answer leaves.
 */
export const createAuditTrail = ({
  journal,
  store,
  metrics,
}: {
  readonly journal: AuditJournal;
  readonly store?: StoreRecords;
  readonly metrics: Pick<Metrics, 'auditRows'>;
}): AuditTrail => {
  const finish = (
    begun: Uint8Array,
    request: RequestInfo,
    outcome: AuditOutcome,
    extra: Readonly<Record<string, unknown>>,
  ): Uint8Array => {
    metrics.auditRows.inc({ success: outcome.ok ? 'true' : 'false' });
    return encodeEnded(begun, {
      success: outcome.ok,
      errorCode: outcome.ok ? undefined : outcome.code,
      durationMs: Math.max(0, Math.round((nowMicros() - request.startedMicros) / 1000)),
      extraData: encodeExtra(extra),
    });
  };
  const storeRow = store === undefined ? undefined : storeTogether(store);
  const storeNow = async (storeOne: (bytes: Uint8Array) => Promise<void>, bytes: Uint8Array): Promise<void> => {
    try {
      await storeOne(bytes);
    } catch (error) {
      throw new VaultError('audit_unavailable', 'The audit row could not be stored. Try again.', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
  };
  return {
    open: async (request, subject, extra) => {
      const id = newId('log');
      const begun = begin(id, request, subject, encodeExtra(extra));
      await journal.intent(id, begun);
      return {
        close: async (outcome, more) => {
          const bytes = finish(begun, request, outcome, more);
          await journal.outcome(id, bytes);
          if (storeRow !== undefined) await storeNow(storeRow, bytes);
        },
        withdraw: () => journal.withdraw(id),
      };
    },
    note: async (request, subject, code, extra) => {
      const id = newId('log');
      const bytes = finish(begin(id, request, subject, noBytes), request, { ok: false, code }, extra);
      await journal.record(id, bytes);
      if (storeRow !== undefined) await storeNow(storeRow, bytes);
    },
  };
};

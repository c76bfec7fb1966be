import { fromBinary } from '@bufbuild/protobuf';
import { type AuditRecord, AuditRecordSchema } from '@scaivault/contracts/audit/v1/audit';
import { hasRepeatedName } from '@scaivault/pipeline';
import { type PartnerId, parseTenantId, type ScopeId, scopeId, tenantScope } from '@scaivault/tenancy';
import type { AuditRow } from './audit-row.ts';
import { canonicalAddress } from './canonical-address.ts';
import { isJsonObject } from './json-object.ts';

export type ReadRecord =
  | { readonly kind: 'row'; readonly scopeId: ScopeId; readonly row: AuditRow }
  /** `reason` names what is wrong, never a value of the record. */
  | { readonly kind: 'unfit'; readonly reason: string };

const earliestMicros = BigInt(Date.UTC(2000, 0, 1)) * 1000n;
/** The clock of the process that wrote the record may be this far ahead of ours. */
const aheadMicros = 2n * 86_400n * 1_000_000n;
const recordId = /^[\x21-\x7e]{1,64}$/;
/** Kept below what the table takes, since a JSON text cannot be cut. */
const longestExtra = 1_048_576;
/** The key of a tenant's rows does not hold its partner, which a record does not name. */
const anyPartner = '' as PartnerId;

/** A record is worth more than the end of one text in it; PostgreSQL's text holds every character but NUL. */
const fit = (text: string, longest: number): string => text.slice(0, longest).replaceAll('\0', '\ufffd');

const fitOptional = (text: string | undefined, longest: number): string | null =>
  text === undefined ? null : fit(text, longest);

const decode = (bytes: Uint8Array): AuditRecord | undefined => {
  try {
    return fromBinary(AuditRecordSchema, bytes);
  } catch {
    // Whatever it is, it is kept as it came; the caller sets it aside.
    return undefined;
  }
};

const scopeOf = (tenantId: string): ScopeId | undefined => {
  try {
    return scopeId(tenantScope(parseTenantId(tenantId), anyPartner));
  } catch {
    // Not a tenant's id, so nobody's row.
    return undefined;
  }
};

const decodeExtra = (bytes: Uint8Array): string | undefined => {
  if (bytes.length === 0) return '{}';
  if (bytes.length > longestExtra) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (!isJsonObject(text)) return undefined;
  // Of two members of one name each reader believes another one; here the last one counts.
  return hasRepeatedName(text) ? JSON.stringify(JSON.parse(text)) : text;
};

const toRow = (record: AuditRecord, extraData: string): AuditRow => ({
  id: record.id,
  tsMicros: Number(record.timestampMicros),
  action: fit(record.action, 64),
  identityType: fit(record.identityType, 32),
  identityId: fit(record.identityId, 320),
  secretPath: fitOptional(record.secretPath, 528),
  sourceIp: record.sourceIp === undefined ? null : fit(canonicalAddress(record.sourceIp), 64),
  userAgent: fitOptional(record.userAgent, 512),
  success: record.success,
  errorCode: fitOptional(record.errorCode, 64),
  policyId: fitOptional(record.policyId, 128),
  durationMs: Math.max(0, record.durationMs),
  requestId: fit(record.requestId, 128),
  extraData,
});

/**
 * Reads one encoded AuditRecord out of a journal. Whatever it holds, the row can be stored: a record without id, tenant
 * or a sensible time is unfit, texts are cut to what the log takes. A journal ships in order, so a record that could be
 * neither stored nor set aside would hold up all behind it.
 */
export const readRecord = (bytes: Uint8Array, nowMicros: number): ReadRecord => {
  const unfit = (reason: string): ReadRecord => ({ kind: 'unfit', reason });
  const record = decode(bytes);
  if (record === undefined) return unfit('not an audit record');
  if (!recordId.test(record.id)) return unfit('no id');
  const scope = scopeOf(record.tenantId);
  if (scope === undefined) return unfit('no tenant');
  if (record.timestampMicros < earliestMicros) return unfit('a time before 2000');
  if (record.timestampMicros > BigInt(nowMicros) + aheadMicros) return unfit('a time to come');
  const extraData = decodeExtra(record.extraData);
  if (extraData === undefined) return unfit('extra_data is no JSON object');
  return { kind: 'row', scopeId: scope, row: toRow(record, extraData) };
};

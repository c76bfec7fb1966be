import { hasRepeatedName } from '@scaivault/pipeline';
import { formatMicros } from '@scaivault/tenancy';
import type { LoggedRow } from '../audit-row.ts';
import { canonicalJson } from './canonical-json.ts';

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON; the caller asks for no more.
    return undefined;
  }
};

/**
 * extra_data with its members in order. Ingest takes nothing but an object whose names are there once; what else lies here
 * somebody has written into the table, and it is hashed as the text it is, so that no two texts pass for each other.
 */
const canonicalExtra = (text: string): string => {
  if (text === '{}') return text;
  const value = parse(text);
  const isOurs = typeof value === 'object' && (JSON.stringify(value) === text || !hasRepeatedName(text));
  return isOurs ? canonicalJson(value) : JSON.stringify(text);
};

/**
 * The RFC 8785 form of a record as `GET /v1/audit/logs` shows it (rest-api-core 7.1, 7.2), of which its leaf hash is made:
 * every member, null where it has no value, the time with six decimals. The members stand here in their order.
 */
export const canonicalRecord = (tenantId: string, row: LoggedRow): string => {
  const text = JSON.stringify;
  return (
    `{"action":${text(row.action)},"duration_ms":${row.durationMs},"error_code":${text(row.errorCode)},` +
    `"event_seq":${row.eventSeq},"extra_data":${canonicalExtra(row.extraData)},"id":${text(row.id)},` +
    `"identity_id":${text(row.identityId)},"identity_type":${text(row.identityType)},"policy_id":${text(row.policyId)},` +
    `"request_id":${text(row.requestId)},"secret_path":${text(row.secretPath)},"source_ip":${text(row.sourceIp)},` +
    `"success":${row.success},"tenant_id":${text(tenantId)},"timestamp":"${formatMicros(row.tsMicros)}",` +
    `"user_agent":${text(row.userAgent)}}`
  );
};

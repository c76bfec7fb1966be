import { formatMicros } from '@scaivault/tenancy';
import type { LoggedRow } from '../audit-row.ts';

type Cell = string | number | boolean | null;

/** In the order of the file; a new one goes to the end. */
const columns: readonly (readonly [name: string, of: (row: LoggedRow, tenantId: string) => Cell])[] = [
  ['event_seq', ({ eventSeq }) => eventSeq],
  ['id', ({ id }) => id],
  ['tenant_id', (_row, tenantId) => tenantId],
  ['timestamp', ({ tsMicros }) => formatMicros(tsMicros)],
  ['action', ({ action }) => action],
  ['identity_type', ({ identityType }) => identityType],
  ['identity_id', ({ identityId }) => identityId],
  ['secret_path', ({ secretPath }) => secretPath],
  ['source_ip', ({ sourceIp }) => sourceIp],
  ['user_agent', ({ userAgent }) => userAgent],
  ['success', ({ success }) => success],
  ['error_code', ({ errorCode }) => errorCode],
  ['policy_id', ({ policyId }) => policyId],
  ['duration_ms', ({ durationMs }) => durationMs],
  ['request_id', ({ requestId }) => requestId],
  ['extra_data', ({ extraData }) => extraData],
];

/**
 * What a spreadsheet could take for the beginning of a formula (OWASP, CSV injection), also in full width; and the
 * apostrophe itself, so that taking one away always gives back what was there.
 */
const isRisky = /^['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const needsQuotes = /[",\r\n]/;

/** One cell: nothing where there is no value, an apostrophe in front of what could be a formula, quotes by RFC 4180. */
export const csvCell = (value: Cell): string => {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = isRisky.test(value) ? `'${value}` : value;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const line = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;

export const csvHeader: string = line(columns.map(([name]) => name));

/** A record as a line of a CSV file (RFC 4180); `extra_data` is JSON text. */
export const csvRow = (tenantId: string, row: LoggedRow): string =>
  line(columns.map(([, of]) => csvCell(of(row, tenantId))));

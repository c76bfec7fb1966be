import type { QueryAuditLogsRequest } from '@scaivault/contracts';
import { fieldError } from '@scaivault/errors';
import { type PathPrefix, parseTimestamp } from '@scaivault/tenancy';
import type { LogQuery } from '../app/query-logs.ts';

const decodeTime = (field: string, text: string): number => {
  const micros = parseTimestamp(text);
  if (micros === undefined) throw fieldError(field, 'format', 'must be an RFC 3339 timestamp');
  return micros;
};

export const decodeQuery = (request: QueryAuditLogsRequest, prefix: PathPrefix | undefined): LogQuery => ({
  window: {
    ...(request.from === undefined ? {} : { fromMicros: decodeTime('from', request.from) }),
    ...(request.to === undefined ? {} : { toMicros: decodeTime('to', request.to) }),
  },
  actions: request.action,
  identityId: request.identityId,
  identityType: request.identityType,
  prefix,
  success: request.success,
  sourceIp: request.sourceIp,
  requestId: request.requestId,
  order: request.order === 'asc' ? 'asc' : 'desc',
  limit: request.limit,
  cursor: request.cursor,
});

import type { QueryAuditLogsRequest } from '@scaivault/contracts/audit/v1/audit';
import type { PathPrefix } from '@scaivault/tenancy';
import type { LogQuery } from '../app/query-logs.ts';
import { decodeWindow } from './decode-window.ts';

export const decodeQuery = (request: QueryAuditLogsRequest, prefix: PathPrefix | undefined): LogQuery => ({
  window: decodeWindow(request),
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

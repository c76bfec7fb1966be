import { parsePathPrefix } from '@scaivault/tenancy';
import type { ExportFilters } from '../../domain/export/export-filters.ts';
import type { LogFilter } from '../../ports.ts';
import { toLogFilter } from '../to-log-filter.ts';

/** The filters of an export as the log takes them. */
export const exportFilter = (filters: ExportFilters): LogFilter =>
  toLogFilter({
    actions: filters.action,
    identityId: filters.identity_id,
    identityType: filters.identity_type,
    prefix: filters.path_prefix === undefined ? undefined : parsePathPrefix(filters.path_prefix),
    success: filters.success,
    sourceIp: filters.source_ip,
    requestId: filters.request_id,
  });

import type { CreateExportRequest, ExportFilters as FiltersMessage } from '@scaivault/contracts/audit/v1/audit';
import type { ExportRequest } from '../app/export/create-export.ts';
import type { ExportFormat } from '../domain/export/audit-export.ts';
import type { DestinationType } from '../domain/export/destination.ts';
import type { ExportFilters } from '../domain/export/export-filters.ts';
import { decodeTime } from './decode-window.ts';

/** What was given, under the names of the API. */
const decodeFilters = (filters: FiltersMessage | undefined): ExportFilters => {
  const { identityId, identityType, pathPrefix, success, sourceIp, requestId } = filters ?? {};
  return {
    action: [...new Set(filters?.action)],
    ...(identityId === undefined ? {} : { identity_id: identityId }),
    ...(identityType === undefined ? {} : { identity_type: identityType }),
    ...(pathPrefix === undefined || pathPrefix === '' ? {} : { path_prefix: pathPrefix }),
    ...(success === undefined ? {} : { success }),
    ...(sourceIp === undefined ? {} : { source_ip: sourceIp }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
};

/** The contract has checked that format and type are of those it knows. */
export const decodeExport = ({ from, to, format, filters, destination }: CreateExportRequest): ExportRequest => ({
  window: { fromMicros: decodeTime('from', from), toMicros: decodeTime('to', to) },
  format: format as ExportFormat,
  filters: decodeFilters(filters),
  destination: {
    type: (destination?.type ?? '') as DestinationType,
    bucket: destination?.bucket ?? '',
    prefix: destination?.prefix,
    credentialsPath: destination?.credentialsPath ?? '',
  },
});

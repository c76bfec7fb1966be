import { formatMicros, type ScopeId } from '@scaivault/tenancy';
import type { LogWindow } from '../log-window.ts';
import { canonicalJson } from '../seal/canonical-json.ts';
import { tenantOf } from '../seal/tenant-of.ts';
import type { ExportFormat } from './audit-export.ts';
import type { ExportFilters } from './export-filters.ts';

export interface Described {
  readonly scopeId: ScopeId;
  readonly exportId: string;
  readonly format: ExportFormat;
  readonly window: LogWindow;
  readonly filters: ExportFilters;
  readonly createdAtMicros: number;
}

/** What an export is of: the first file says so, and so does the manifest. */
export const describeExport = ({ scopeId, exportId, format, window, filters, createdAtMicros }: Described) => ({
  export_id: exportId,
  tenant_id: tenantOf(scopeId),
  from: formatMicros(window.fromMicros),
  to: formatMicros(window.toMicros),
  format,
  filters,
  created_at: formatMicros(createdAtMicros),
});

/** The text of export.json. */
export const exportDescription = (order: Described): string => `${canonicalJson(describeExport(order))}\n`;

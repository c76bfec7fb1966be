import type { Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { ExportFile } from '../domain/export/audit-export.ts';

export const addFile = async (
  tx: Tx,
  { scopeId, exportId }: { readonly scopeId: ScopeId; readonly exportId: string },
  position: number,
  { name, bytes, records, sha256 }: ExportFile,
): Promise<void> => {
  await tx`
    insert into export_file (scope_id, export_id, position, name, bytes, records, sha256)
    values (${scopeId}, ${exportId}, ${position}, ${name}, ${bytes}, ${records}, ${sha256})`;
};

/** The files of exports, in the order in which they were written. */
export const selectFiles = async (
  tx: Tx,
  scopeId: ScopeId,
  exportIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ExportFile[]>> => {
  const rows = await tx<(ExportFile & { readonly exportId: string })[]>`
    select export_id as "exportId", name, bytes, records, sha256 from export_file
    where scope_id = ${scopeId} and export_id = any(${exportIds}::text[])
    order by export_id, position`;
  return Map.groupBy(rows, ({ exportId }) => exportId);
};

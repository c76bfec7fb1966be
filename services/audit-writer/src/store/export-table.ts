import type { Database, Tx } from '@scaivault/db';
import type { AuditExport, ExportFile } from '../domain/export/audit-export.ts';
import type { ExportStore } from '../ports/exports.ts';
import { addFile, selectFiles } from './export-file-table.ts';

/** A page of the list holds no more of them, or one export's. */
const mostFiles = 10_000;

interface Shown extends Omit<AuditExport, 'files' | 'error'> {
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly fileCount: number;
}

const shown = (tx: Tx) => tx`
  id, status, format, record_count as "recordCount", created_at as "createdAtMicros",
  completed_at as "completedAtMicros", checkpoint_ids as "checkpointIds", error_code as "errorCode",
  error_message as "errorMessage", file_count as "fileCount"`;

const withFiles = (
  { errorCode, errorMessage, fileCount: _count, ...rest }: Shown,
  files: readonly ExportFile[],
): AuditExport => ({
  ...rest,
  error: errorCode === null ? undefined : { code: errorCode, message: errorMessage ?? '' },
  files,
});

/** Those that come first in a list and have no more than so many files together; the first whatever it has. */
const fitting = (found: readonly Shown[]): readonly Shown[] => {
  let files = 0;
  const end = found.findIndex(({ fileCount }, index) => {
    files += fileCount;
    return index > 0 && files > mostFiles;
  });
  return end === -1 ? found : found.slice(0, end);
};

/** The tables `export` and `export_file`, as a tenant sees them. */
export const createExportTable = ({ withScope }: Pick<Database, 'withScope'>): ExportStore => ({
  add: (order, first, { ciphertext, sealedKey }, once) =>
    withScope(order.scopeId, async (tx) => {
      const { scopeId, exportId, partnerId, format, window, filters, destination, createdAtMicros, createdBy } = order;
      await tx`
        insert into export (
          scope_id, id, partner_id, status, format, from_ts, to_ts, filters, up_to_seq, destination_type, bucket, folder,
          created_at, created_by, file_count, due_at, credentials_ct, key_ct, key_wrapped, wrapped_by
        ) values (
          ${scopeId}, ${exportId}, ${partnerId}, 'pending', ${format}, ${window.fromMicros}, ${window.toMicros},
          ${JSON.stringify(filters)},
          coalesce((select event_seq from head where scope_id = ${scopeId}), 0),
          ${destination.type}, ${destination.bucket}, ${destination.folder}, ${createdAtMicros}, ${createdBy}, 1, now(),
          ${ciphertext}, ${sealedKey.ciphertext}, ${sealedKey.wrappedKey}, ${sealedKey.wrappedBy}
        )`;
      await addFile(tx, order, 1, first);
      await once?.commit(tx);
    }),

  list: (scopeId, before, limit) =>
    withScope(scopeId, async (tx) => {
      const behind = before === '' ? tx`` : tx`and id < ${before}`;
      const found = await tx<Shown[]>`
        select ${shown(tx)} from export
        where scope_id = ${scopeId} ${behind} order by id desc limit ${limit + 1}`;
      const page = fitting(found.slice(0, limit));
      const files = await selectFiles(
        tx,
        scopeId,
        page.map(({ id }) => id),
      );
      return {
        exports: page.map((each) => withFiles(each, files.get(each.id) ?? [])),
        hasMore: found.length > page.length,
      };
    }),

  byId: (scopeId, exportId) =>
    withScope(scopeId, async (tx) => {
      const [found] = await tx<Shown[]>`
        select ${shown(tx)} from export where scope_id = ${scopeId} and id = ${exportId}`;
      if (found === undefined) return undefined;
      return withFiles(found, (await selectFiles(tx, scopeId, [exportId])).get(exportId) ?? []);
    }),
});

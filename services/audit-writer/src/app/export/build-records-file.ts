import type { LoggedRow } from '../../domain/audit-row.ts';
import { csvHeader, csvRow } from '../../domain/export/csv-row.ts';
import { canonicalRecord } from '../../domain/seal/canonical-record.ts';
import { tenantOf } from '../../domain/seal/tenant-of.ts';
import type { ExportJob } from '../../ports/exports.ts';
import type { LogPosition, LogStore } from '../../ports.ts';
import { type BuiltFile, numbered } from './built-file.ts';
import { exportFilter } from './export-filter.ts';

const pageSize = 1_000;
/** A file ends with the record that reaches it; as much is in memory. */
export const usualFileBytes = 16 * 1024 * 1024;

const lineOf = ({ format, scopeId }: ExportJob): ((row: LoggedRow) => string) => {
  const tenantId = tenantOf(scopeId);
  return format === 'csv' ? (row) => csvRow(tenantId, row) : (row) => `${canonicalRecord(tenantId, row)}\n`;
};

/**
 * The next file of records, in the order of time and number, and undefined when there is none. What is read is fixed by
 * the export's range, so whoever builds it again gets the same bytes, unless retention has removed records meanwhile.
 */
export const createBuildRecordsFile =
  ({ log, fileBytes }: { readonly log: Pick<LogStore, 'read'>; readonly fileBytes: number }) =>
  async (job: ExportJob, stillOurs: () => Promise<void>): Promise<BuiltFile | undefined> => {
    const { scopeId, window, format, filters, upToSeq, progress } = job;
    const filter = exportFilter(filters);
    const toLine = lineOf(job);
    const content: Buffer[] = format === 'csv' ? [Buffer.from(csvHeader)] : [];
    let { after, firstSeq, lastSeq } = progress;
    let bytes = 0;
    let records = 0;
    let isMore = true;

    /** The rows that still fit, all of a page or its beginning. */
    const take = (rows: readonly LoggedRow[]): void => {
      const lines: string[] = [];
      for (const row of rows) {
        const line = toLine(row);
        lines.push(line);
        bytes += Buffer.byteLength(line);
        after = { tsMicros: row.tsMicros, eventSeq: row.eventSeq } satisfies LogPosition;
        firstSeq = firstSeq === 0 ? row.eventSeq : Math.min(firstSeq, row.eventSeq);
        lastSeq = Math.max(lastSeq, row.eventSeq);
        if (bytes >= fileBytes) break;
      }
      records += lines.length;
      content.push(Buffer.from(lines.join('')));
    };

    while (isMore && bytes < fileBytes) {
      const page = { window, order: 'asc', after, limit: pageSize, upToSeq } as const;
      const rows = await log.read(scopeId, filter, page);
      isMore = rows.length === pageSize;
      if (rows.length > 0) take(rows);
      await stillOurs();
    }
    if (records === 0) return undefined;
    return {
      name: numbered('records', job, format),
      content,
      records,
      progress: { ...progress, after, firstSeq, lastSeq, recordCount: progress.recordCount + records },
    };
  };

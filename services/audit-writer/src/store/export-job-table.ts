import type { Database, Tx } from '@scaivault/db';
import type { ExportFile } from '../domain/export/audit-export.ts';
import type { Destination } from '../domain/export/destination.ts';
import type { ExportFilters } from '../domain/export/export-filters.ts';
import type { ExportClaim, ExportJob, ExportJobStore, ExportProgress } from '../ports/exports.ts';
import { addFile, selectFiles } from './export-file-table.ts';

interface JobRow
  extends Pick<ExportJob, 'partnerId' | 'format' | 'createdAtMicros' | 'upToSeq' | 'attempt'>,
    Omit<ExportProgress, 'after'> {
  readonly fromMicros: number;
  readonly toMicros: number;
  readonly filters: string;
  readonly type: Destination['type'];
  readonly bucket: string;
  readonly folder: string;
  readonly afterMicros: number | null;
  readonly afterSeq: number | null;
  readonly credentials: Buffer;
  readonly ciphertext: Buffer;
  readonly wrappedKey: Buffer;
  readonly wrappedBy: string;
}

const fromNow = (tx: Tx, ms: number) => tx`now() + ${ms}::float8 * interval '1 millisecond'`;

/** The row as long as nobody else has claimed it. */
const claimed = (tx: Tx, { scopeId, exportId, fence }: ExportClaim) => tx`
  scope_id = ${scopeId} and id = ${exportId} and fence = ${fence} and is_running`;

const columns = (tx: Tx) => tx`
  partner_id as "partnerId", format, from_ts as "fromMicros", to_ts as "toMicros", filters, up_to_seq as "upToSeq",
  destination_type as type, bucket, folder, created_at as "createdAtMicros", record_count as "recordCount",
  after_ts as "afterMicros", after_seq as "afterSeq", first_seq as "firstSeq",
  last_seq as "lastSeq", chain_seq as "chainSeq", checkpoint_count as "checkpointCount",
  checkpoint_ids as "checkpointIds", attempts as attempt, credentials_ct as credentials, key_ct as ciphertext,
  key_wrapped as "wrappedKey", wrapped_by as "wrappedBy"`;

const toJob = (claim: ExportClaim, row: JobRow, files: readonly ExportFile[]): ExportJob => {
  const { scopeId, exportId } = claim;
  const { partnerId, format, createdAtMicros, upToSeq, attempt, fromMicros, toMicros, type, bucket, folder } = row;
  const { recordCount, firstSeq, lastSeq, chainSeq, checkpointCount, checkpointIds } = row;
  const { afterMicros, afterSeq, credentials, ciphertext, wrappedKey, wrappedBy } = row;
  const after = afterMicros === null || afterSeq === null ? undefined : { tsMicros: afterMicros, eventSeq: afterSeq };
  return {
    scopeId,
    exportId,
    partnerId,
    format,
    createdAtMicros,
    upToSeq,
    attempt,
    window: { fromMicros, toMicros },
    filters: JSON.parse(row.filters) as ExportFilters,
    destination: { type, bucket, folder },
    credentials: { ciphertext: credentials, sealedKey: { ciphertext, wrappedKey, wrappedBy } },
    progress: { recordCount, after, firstSeq, lastSeq, chainSeq, checkpointCount, checkpointIds },
    files,
  };
};

const ended = (tx: Tx, completedAtMicros: number) => tx`
  completed_at = ${completedAtMicros}, due_at = null, is_running = false, credentials_ct = null, key_ct = null,
  key_wrapped = null, wrapped_by = null`;

/** The tables `export` and `export_file`, as the workers see them. */
export const createExportJobTable = ({ sql, withScope }: Pick<Database, 'sql' | 'withScope'>): ExportJobStore => ({
  claim: async (leaseMs) => {
    const [claim] = await sql<ExportClaim[]>`
      select scope_id as "scopeId", export_id as "exportId", fence from claim_export(${leaseMs}::integer)`;
    return claim;
  },

  nextDueInMs: async () => {
    const [row] = await sql<{ ms: number | null }[]>`select next_export_in() as ms`;
    return row?.ms ?? undefined;
  },

  open: (claim) =>
    withScope(claim.scopeId, async (tx) => {
      const [row] = await tx<JobRow[]>`select ${columns(tx)} from export where ${claimed(tx, claim)}`;
      if (row === undefined) return undefined;
      const files = await selectFiles(tx, claim.scopeId, [claim.exportId]);
      return toJob(claim, row, files.get(claim.exportId) ?? []);
    }),

  hold: (claim, leaseMs) =>
    withScope(claim.scopeId, async (tx) => {
      const held = await tx`
        update export set status = 'running', due_at = ${fromNow(tx, leaseMs)} where ${claimed(tx, claim)}`;
      return held.count === 1;
    }),

  advance: (claim, file, progress) =>
    withScope(claim.scopeId, async (tx) => {
      const { recordCount, after, firstSeq, lastSeq, chainSeq, checkpointCount, checkpointIds } = progress;
      const [advanced] = await tx<{ position: number }[]>`
        update export set
          record_count = ${recordCount}, after_ts = ${after?.tsMicros ?? null}, after_seq = ${after?.eventSeq ?? null},
          first_seq = ${firstSeq}, last_seq = ${lastSeq}, chain_seq = ${chainSeq},
          checkpoint_count = ${checkpointCount}, checkpoint_ids = ${checkpointIds}::text[],
          file_count = file_count + 1, attempts = 0
        where ${claimed(tx, claim)}
        returning file_count as position`;
      if (advanced === undefined) return false;
      await addFile(tx, claim, advanced.position, file);
      return true;
    }),

  putOff: (claim, pauseMs, counts) =>
    withScope(claim.scopeId, async (tx) => {
      const { count } = await tx`
        update export set is_running = false, due_at = ${fromNow(tx, pauseMs)},
          attempts = greatest(0, attempts - ${counts ? 0 : 1}::integer)
        where ${claimed(tx, claim)}`;
      return count === 1;
    }),

  complete: (claim, manifest, completedAtMicros) =>
    withScope(claim.scopeId, async (tx) => {
      const [completed] = await tx<{ position: number }[]>`
        update export set status = 'completed', ${ended(tx, completedAtMicros)}, file_count = file_count + 1
        where ${claimed(tx, claim)}
        returning file_count as position`;
      if (completed === undefined) return false;
      await addFile(tx, claim, completed.position, manifest);
      return true;
    }),

  fail: (claim, { code, message }, completedAtMicros) =>
    withScope(claim.scopeId, async (tx) => {
      const { count } = await tx`
        update export set status = 'failed', ${ended(tx, completedAtMicros)}, error_code = ${code},
          error_message = ${message}
        where ${claimed(tx, claim)}`;
      return count === 1;
    }),
});

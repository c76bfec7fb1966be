import { nameCheckpoints } from '../../domain/export/audit-export.ts';
import { checkpointObject } from '../../domain/export/checkpoint-object.ts';
import { canonicalJson } from '../../domain/seal/canonical-json.ts';
import type { Checkpoint } from '../../domain/seal/checkpoint.ts';
import type { ExportJob } from '../../ports/exports.ts';
import type { CheckpointStore, LogStore } from '../../ports.ts';
import { type BuiltFile, numbered } from './built-file.ts';
import { exportFilter } from './export-filter.ts';

const pageSize = 100;

/**
 * The next file of checkpoints, from that of the first record to that of the last, none left out, so that the chain can be
 * followed; undefined when all are written. Leaf hashes are with those that seal a record of the export.
 */
export const createBuildCheckpointsFile = ({
  checkpoints,
  log,
  fileBytes,
}: {
  readonly checkpoints: Pick<CheckpointStore, 'sealing' | 'following' | 'leafHashes'>;
  readonly log: Pick<LogStore, 'holding'>;
  readonly fileBytes: number;
}) => {
  /** Checkpoints as lines, in their order. */
  const linesOf = async (job: ExportJob, page: readonly Checkpoint[]): Promise<readonly string[]> => {
    const { scopeId, window, filters, upToSeq } = job;
    const holding = new Set(await log.holding(scopeId, exportFilter(filters), { window, upToSeq }, page));
    const lines: string[] = [];
    for (const checkpoint of page) {
      const { firstEventSeq } = checkpoint;
      const leaves = holding.has(firstEventSeq) ? await checkpoints.leafHashes(scopeId, firstEventSeq) : undefined;
      lines.push(`${canonicalJson(checkpointObject(checkpoint, leaves))}\n`);
    }
    return lines;
  };

  /** The number behind which the first checkpoint begins that is still to be written. */
  const beginning = async ({ scopeId, progress }: ExportJob): Promise<number> => {
    if (progress.chainSeq > 0) return progress.chainSeq;
    const first = await checkpoints.sealing(scopeId, progress.firstSeq);
    return (first?.firstEventSeq ?? progress.firstSeq) - 1;
  };

  return async (job: ExportJob, stillOurs: () => Promise<void>): Promise<BuiltFile | undefined> => {
    const { scopeId, progress } = job;
    if (progress.recordCount === 0) return undefined;
    const content: Buffer[] = [];
    const ids: string[] = [];
    let chainSeq = await beginning(job);
    let bytes = 0;
    while (bytes < fileBytes) {
      const page = await checkpoints.following(scopeId, chainSeq, progress.lastSeq, pageSize);
      const last = page.at(-1);
      if (last === undefined) break;
      const piece = Buffer.from((await linesOf(job, page)).join(''));
      content.push(piece);
      bytes += piece.length;
      ids.push(...page.map(({ id }) => id));
      chainSeq = last.lastEventSeq;
      await stillOurs();
    }
    if (ids.length === 0) return undefined;
    const checkpointCount = progress.checkpointCount + ids.length;
    const checkpointIds = nameCheckpoints(progress.checkpointIds, ids);
    return {
      name: numbered('checkpoints', job, 'jsonl'),
      content,
      records: 0,
      progress: { ...progress, chainSeq, checkpointCount, checkpointIds },
    };
  };
};

import type { Report } from './finding.ts';
import type { Checkpoint } from './input.ts';
import { hashTree } from './tree-hash.ts';

/** What has come of one checkpoint's records; the hashes are let go when all are there and right. */
interface Batch {
  readonly checkpoint: Checkpoint;
  leaves: (Buffer | undefined)[] | undefined;
  count: number;
}

export interface RecordCollector {
  take(eventSeq: number, leaf: Buffer): void;
  /** Reports what is missing, and what was wrong in batches that are not whole. */
  end(): void;
}

/** The sealed leaves when the root was made of them. */
const sealedLeaves = ({ leaves, root }: Checkpoint): readonly Buffer[] | undefined =>
  leaves !== undefined && root.equals(hashTree(leaves)) ? leaves : undefined;

/**
 * Holds records against the checkpoints that seal them. Records may come in any order; those in the order of their numbers
 * need memory for one batch only. `isPartial`: some records may be left out, so none is missing; then leaf hashes are needed.
 */
export const createRecordCollector = (
  chain: readonly Checkpoint[],
  { isPartial, from }: { readonly isPartial: boolean; readonly from: number },
  report: Report,
): RecordCollector => {
  const batches: Batch[] = chain.map((checkpoint) => ({ checkpoint, leaves: [], count: 0 }));

  const batchOf = (eventSeq: number): Batch | undefined => {
    let low = 0;
    let high = batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((batches[middle]?.checkpoint.last ?? 0) < eventSeq) low = middle + 1;
      else high = middle;
    }
    const batch = batches[low];
    return batch !== undefined && batch.checkpoint.first <= eventSeq ? batch : undefined;
  };

  const changed = (eventSeq: number, checkpointId: string | null, what: string): void =>
    report({ reason: 'record_changed', eventSeq, checkpointId, what });

  const missing = (eventSeq: number, checkpointId: string, count: number): void => {
    const what = count === 1 ? 'is not there' : `and ${count - 1} behind it are not there`;
    report({ reason: 'record_missing', eventSeq, checkpointId, what });
  };

  /** One finding for each run of missing numbers. */
  const reportMissing = ({ checkpoint, leaves = [] }: Batch): void => {
    const { id, first, last } = checkpoint;
    let run = 0;
    for (let eventSeq = Math.max(first, from); eventSeq <= last + 1; eventSeq += 1) {
      if (eventSeq <= last && leaves[eventSeq - first] === undefined) run += 1;
      else if (run > 0) {
        missing(eventSeq - run, id, run);
        run = 0;
      }
    }
  };

  const compare = ({ checkpoint, leaves = [] }: Batch): void => {
    const { id, first } = checkpoint;
    const sealed = sealedLeaves(checkpoint);
    if (sealed === undefined) {
      changed(
        first,
        id,
        'or another record of its checkpoint is not as it was sealed (without leaf hashes nobody can say which)',
      );
      return;
    }
    leaves.forEach((leaf, index) => {
      if (leaf !== undefined && !sealed[index]?.equals(leaf)) changed(first + index, id, 'is not as it was sealed');
    });
  };

  return {
    take(eventSeq, leaf) {
      const batch = batchOf(eventSeq);
      if (batch === undefined) return changed(eventSeq, null, 'is sealed by no checkpoint');
      const { checkpoint } = batch;
      const index = eventSeq - checkpoint.first;
      if (batch.leaves === undefined || batch.leaves[index] !== undefined) {
        return changed(eventSeq, checkpoint.id, 'is there twice');
      }
      batch.leaves[index] = leaf;
      batch.count += 1;
      if (batch.count === checkpoint.last - checkpoint.first + 1) {
        if (!checkpoint.root.equals(hashTree(batch.leaves as Buffer[]))) compare(batch);
        batch.leaves = undefined;
      }
    },

    end() {
      for (const batch of batches) {
        if (batch.leaves === undefined) continue;
        if (batch.count > 0) compare(batch);
        if (!isPartial) reportMissing(batch);
      }
    },
  };
};

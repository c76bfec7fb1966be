import { type Checkpoint, headHashOf, noHead } from './checkpoint.ts';

/** Where a chain has come to. */
export type ChainEnd = Pick<Checkpoint, 'headHash' | 'lastEventSeq'>;

/** Before the first checkpoint. */
export const chainStart: ChainEnd = { headHash: noHead, lastEventSeq: 0 };

/** No setting lets rows go earlier (rest-api-core 7.2). */
const shortestRetentionMicros = 30 * 86_400 * 1_000_000;

/** True when the checkpoint goes on from there and its head is that of its own content. */
export const continuesChain = (checkpoint: Checkpoint, { headHash, lastEventSeq }: ChainEnd): boolean =>
  checkpoint.firstEventSeq === lastEventSeq + 1 &&
  checkpoint.prevHash.equals(headHash) &&
  checkpoint.headHash.equals(headHashOf(checkpoint)) &&
  checkpoint.recordCount <= checkpoint.lastEventSeq - checkpoint.firstEventSeq + 1;

/** What is said to have been removed in a tenant. */
export interface Removal {
  readonly removedSeq: number;
  readonly removedMicros: number;
}

/** True when retention can have removed the rows: it takes the oldest ones, and none before its time. */
export const mayLackRows = (
  { lastEventSeq }: Pick<Checkpoint, 'lastEventSeq'>,
  { removedSeq, removedMicros }: Removal,
  nowMicros: number,
): boolean => lastEventSeq <= removedSeq && removedMicros <= nowMicros - shortestRetentionMicros;

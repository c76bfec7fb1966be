import type { SigningKey } from '@scaivault/crypto';
import { newId, type ScopeId } from '@scaivault/tenancy';
import { checkNumbers } from '../../domain/seal/check-numbers.ts';
import { type Checkpoint, headHashOf, mostRecords } from '../../domain/seal/checkpoint.ts';
import { merkleRoot } from '../../domain/seal/merkle-tree.ts';
import { tenantOf } from '../../domain/seal/tenant-of.ts';
import type { ChainState, CheckpointStore, Clock } from '../../ports.ts';
import { hashRecords } from './hash-records.ts';

/** What holds the sealer's place at this moment. */
export interface SealingRight {
  readonly fence: number;
  readonly key: SigningKey;
}

/** Then the next tenant has its turn. */
const mostBatches = 10;

/**
 * Seals rows of one tenant in the order of their numbers (rest-api-core 7.2), a batch a checkpoint; true when a full batch
 * is left for another turn. Reading, hashing and signing hold no lock. Numbers have no gaps, so where a row is missing or
 * one is too many somebody has been at the table: that is told, and what is there is sealed, for verification to name it.
 */
export const createSealTenant =
  ({
    checkpoints,
    nowMicros,
    onTampering,
  }: {
    readonly checkpoints: Pick<CheckpointStore, 'chain' | 'rows' | 'add'>;
    readonly nowMicros: Clock;
    readonly onTampering: (found: { scopeId: ScopeId; firstEventSeq: number; lastEventSeq: number }) => void;
  }) =>
  async (scopeId: ScopeId, { fence, key }: SealingRight): Promise<boolean> => {
    /** The chain with the next batch sealed; undefined when it is somebody else's by now. */
    const sealNext = async (chain: ChainState): Promise<ChainState | undefined> => {
      const firstEventSeq = chain.sealedSeq + 1;
      const lastEventSeq = Math.min(chain.eventSeq, chain.sealedSeq + mostRecords);
      const rows = await checkpoints.rows(scopeId, firstEventSeq, lastEventSeq, 2 * mostRecords);
      if (checkNumbers(firstEventSeq, lastEventSeq, rows) !== undefined) {
        onTampering({ scopeId, firstEventSeq, lastEventSeq });
      }
      const leafHashes = await hashRecords(tenantOf(scopeId), rows);
      const rootHash = merkleRoot(leafHashes);
      const span = { prevHash: chain.sealedHead, rootHash, firstEventSeq, lastEventSeq };
      const headHash = headHashOf(span);
      const checkpoint: Checkpoint = {
        ...span,
        id: newId('chk'),
        recordCount: rows.length,
        headHash,
        // Times rise along the chain whatever the clock does, so that a window of them is a part of it.
        sealedAtMicros: Math.max(nowMicros(), chain.sealedAtMicros + 1),
        keyId: key.keyId,
        signature: key.sign(headHash),
      };
      const remaining = await checkpoints.add(scopeId, fence, checkpoint, leafHashes);
      if (remaining === undefined) return undefined;
      const { sealedAtMicros } = checkpoint;
      const end = { sealedSeq: lastEventSeq, sealedHead: headHash, sealedAtMicros };
      return { ...chain, ...end, eventSeq: lastEventSeq + remaining };
    };

    let chain = await checkpoints.chain(scopeId);
    if (chain === undefined || chain.sealedSeq >= chain.eventSeq) return false;
    for (let batch = 0; batch < mostBatches; batch += 1) {
      chain = await sealNext(chain);
      if (chain === undefined || chain.eventSeq - chain.sealedSeq < mostRecords) return false;
    }
    return true;
  };

import type { ScopeId } from '@scaivault/tenancy';
import type { LoggedRow } from '../../domain/audit-row.ts';
import { checkNumbers, type WrongNumber } from '../../domain/seal/check-numbers.ts';
import type { Checkpoint } from '../../domain/seal/checkpoint.ts';
import { merkleRoot } from '../../domain/seal/merkle-tree.ts';
import { tenantOf } from '../../domain/seal/tenant-of.ts';
import type { CheckpointStore } from '../../ports.ts';
import { hashRecords } from './hash-records.ts';

/**
 * The first row that is not as its checkpoint sealed it; the rows are those of its numbers, in their order. Which row has
 * changed is known as long as the stored leaf hashes are those that the root was made of; else the first one is named.
 */
export const createCheckRecords =
  ({ checkpoints }: { readonly checkpoints: Pick<CheckpointStore, 'leafHashes'> }) =>
  async (
    scopeId: ScopeId,
    { firstEventSeq, lastEventSeq, rootHash }: Checkpoint,
    rows: readonly LoggedRow[],
  ): Promise<WrongNumber | undefined> => {
    const wrongNumber = checkNumbers(firstEventSeq, lastEventSeq, rows);
    if (wrongNumber !== undefined) return wrongNumber;
    const hashes = await hashRecords(tenantOf(scopeId), rows);
    if (merkleRoot(hashes).equals(rootHash)) return undefined;
    const sealed = (await checkpoints.leafHashes(scopeId, firstEventSeq)) ?? [];
    const isSealed = merkleRoot(sealed).equals(rootHash);
    const changed = isSealed ? hashes.findIndex((hash, index) => !hash.equals(sealed[index] ?? rootHash)) : 0;
    return { eventSeq: firstEventSeq + Math.max(0, changed), reason: 'record_changed' };
  };

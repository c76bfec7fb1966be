import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { LoggedRow } from '../../domain/audit-row.ts';
import { canonicalRecord } from '../../domain/seal/canonical-record.ts';
import type { Checkpoint } from '../../domain/seal/checkpoint.ts';
import { auditPath, leafHash, type ProofStep } from '../../domain/seal/merkle-tree.ts';
import type { CheckpointStore } from '../../ports.ts';

export interface RecordProof {
  readonly row: LoggedRow;
  readonly leafHash: Buffer;
  readonly path: readonly ProofStep[];
  readonly checkpoint: Checkpoint;
}

/**
 * The way from a record to the checkpoint that seals it (rest-api-core 7.2). The leaf is hashed from the row as it is now:
 * when somebody has changed it, the way does not lead to the root. 404 `not_found`, 404 `checkpoint_not_found` with reason
 * `not_sealed`.
 */
export const createProveRecord =
  ({ checkpoints }: { readonly checkpoints: Pick<CheckpointStore, 'row' | 'sealing' | 'leafHashes'> }) =>
  async (caller: Pick<Caller, 'scope' | 'tenantId'>, logId: string): Promise<RecordProof> => {
    const scope = scopeId(caller.scope);
    const row = await checkpoints.row(scope, logId);
    if (row === undefined) {
      throw new VaultError('not_found', 'There is no such audit record.', { details: { resource: 'audit_log' } });
    }
    const checkpoint = await checkpoints.sealing(scope, row.eventSeq);
    if (checkpoint === undefined) {
      throw new VaultError('checkpoint_not_found', 'The record is not sealed yet. Try again in a minute.', {
        details: { reason: 'not_sealed' },
        retryAfterSeconds: 60,
      });
    }
    const leaf = leafHash(canonicalRecord(caller.tenantId, row));
    const leaves = (await checkpoints.leafHashes(scope, checkpoint.firstEventSeq)) ?? [];
    const found = leaves.findIndex((hash) => hash.equals(leaf));
    const index = found === -1 ? row.eventSeq - checkpoint.firstEventSeq : found;
    return { row, leafHash: leaf, path: auditPath(leaves, index), checkpoint };
  };

import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { Checkpoint } from '../../domain/seal/checkpoint.ts';
import type { CheckpointStore } from '../../ports.ts';

export interface ReadCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Undefined once retention has removed the rows. */
  readonly leafHashes: readonly Buffer[] | undefined;
}

/** One checkpoint of the caller's tenant with the hashes of its records. 404 `checkpoint_not_found`. */
export const createReadCheckpoint =
  ({ checkpoints }: { readonly checkpoints: Pick<CheckpointStore, 'byId' | 'leafHashes'> }) =>
  async (caller: Pick<Caller, 'scope'>, id: string): Promise<ReadCheckpoint> => {
    const scope = scopeId(caller.scope);
    const checkpoint = await checkpoints.byId(scope, id);
    if (checkpoint === undefined) throw new VaultError('checkpoint_not_found', 'There is no such checkpoint.');
    return { checkpoint, leafHashes: await checkpoints.leafHashes(scope, checkpoint.firstEventSeq) };
  };

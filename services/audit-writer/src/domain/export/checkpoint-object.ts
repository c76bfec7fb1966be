import { formatMicros } from '@scaivault/tenancy';
import type { Checkpoint } from '../seal/checkpoint.ts';

/** A checkpoint as `GET /v1/audit/checkpoints/{id}` shows it; without leaf hashes where none of its records is exported. */
export const checkpointObject = (checkpoint: Checkpoint, leafHashes: readonly Buffer[] | undefined) => ({
  id: checkpoint.id,
  first_event_seq: checkpoint.firstEventSeq,
  last_event_seq: checkpoint.lastEventSeq,
  record_count: checkpoint.recordCount,
  root_hash: checkpoint.rootHash.toString('hex'),
  prev_hash: checkpoint.prevHash.toString('hex'),
  head_hash: checkpoint.headHash.toString('hex'),
  sealed_at: formatMicros(checkpoint.sealedAtMicros),
  algorithm: 'Ed25519',
  key_id: checkpoint.keyId,
  signature: checkpoint.signature.toString('base64url'),
  ...(leafHashes === undefined ? {} : { leaf_hashes: Buffer.concat(leafHashes).toString('hex') }),
});
